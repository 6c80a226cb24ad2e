/** What a body that is not valid JSON is. */
export const bodyKind = (
  text: string,
  contentType: string | undefined
): "EmptyBody" | "Html" | "Text" | "BrokenJson" => {
  const trimmed = text.trimStart()
  if (trimmed === "") return "EmptyBody"
  if (contentType?.includes("html") === true || /^<(?:!doctype|html)/i.test(trimmed)) return "Html"
  return trimmed.startsWith("{") || trimmed.startsWith("[") || contentType?.includes("json") === true
    ? "BrokenJson"
    : "Text"
}
