/** Writes a page for each public module, from its doc comments. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  Application,
  Comment,
  type Context,
  Converter,
  OptionDefaults,
  type ProjectReflection,
  type Reflection,
  type ReflectionCategory,
  ReflectionKind
} from "typedoc"
import { libraries, type Module, read, root } from "./repository.js"

/** For the compiler of Effect, which typedoc does not know. */
const foreignTag = "@effect-expect-leaking" as const

/** The type checker of the workspace judges the sources; here they are only read. */
const options = (modules: ReadonlyArray<Module>, directory: string) => ({
  out: directory,
  plugin: ["typedoc-plugin-markdown"],
  entryPoints: modules.map(({ source }) => join(root, source)),
  tsconfig: join(root, "packages/docs/tsconfig.api.json"),
  basePath: root,
  skipErrorChecking: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  blockTags: [...OptionDefaults.blockTags, foreignTag],
  excludeTags: [...OptionDefaults.excludeTags, foreignTag],
  sort: ["source-order" as const],
  categorizeByGroup: false,
  readme: "none",
  entryFileName: "index",
  disableGit: true,
  disableSources: true,
  validation: { invalidLink: true, invalidPath: true, rewrittenLink: true, notExported: false },
  router: "module",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandParameters: true,
  sanitizeComments: true,
  parametersFormat: "table",
  logLevel: "Warn" as const
})

/** Modules get the names that programs import; their categories come in the order of the source. */
const nameModules = (project: ProjectReflection, modules: ReadonlyArray<Module>): void => {
  for (const child of project.children ?? []) {
    const module = modules.find(({ source }) => source === `${child.name}.ts`)
    if (module === undefined) throw new Error(`${child.name} is no public module.`)
    child.name = module.name
    child.comment ??= moduleComment(module.source)
    const members = child.childrenIncludingDocuments ?? []
    const position = ({ children: [first] }: ReflectionCategory): number =>
      first === undefined ? members.length : members.indexOf(first)
    child.categories?.sort((a, b) => position(a) - position(b))
  }
}

/** Constructors that only come with a class of Effect, and members whose name is a symbol, say nothing about a class. */
const isNoise = (member: Reflection): boolean =>
  member.isDeclaration() &&
  (member.name.startsWith("[") ||
    (member.kind === ReflectionKind.Constructor &&
      member.signatures?.every((signature) => signature.comment === undefined) === true))

const withoutNoise = ({ project }: Context): void => {
  for (const reflection of project.getReflectionsByKind(ReflectionKind.Class)) {
    if (!reflection.isDeclaration()) continue
    for (const member of reflection.children?.filter(isNoise) ?? []) project.removeReflection(member)
  }
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    if (parameter.name === "__namedParameters") parameter.name = "options"
  }
}

/** The comment at the head of a module. typedoc takes it for one of the first import. */
const moduleComment = (source: string): Comment => {
  const text = /^\/\*\*([\s\S]*?)\*\//
    .exec(read(source))?.[1]
    ?.replaceAll(/^\s*\* ?/gm, "")
    .replace(/^@[\s\S]*/m, "")
    .trim()
  return new Comment([{ kind: "text", text: text ?? "" }])
}

/** The lines of an inferred type that help to recognize it. */
const shown = 24

const shortened = (block: string): string => {
  const lines = block.split("\n")
  return lines.length < 2 * shown
    ? block
    : [...lines.slice(0, shown), "  // ... an inferred type, which your editor shows whole", "```"].join("\n")
}

/** Short where the page of typedoc is long: no heading for each version, no origin of a member, no endless type. */
const compact = (markdown: string): string =>
  markdown
    .replaceAll(/^#+ Since\n\n(.+)$/gm, "*Since $1*")
    .replaceAll(/^## \w/gm, (category) => category.toUpperCase())
    .replaceAll(/^#+ See\n\n(.+)$/gm, "See $1")
    .replaceAll(/^#+ (?:Inherited from|Overrides|Implementation of)\n\n.+\n\n?/gm, "")
    .replaceAll(/^#+ (?:Extends|Implements)\n\n(?:- (?!.*\]\().*\n)+\n?/gm, "")
    .replaceAll(/^```ts\nconst \w+: [\s\S]*?^```$/gm, shortened)

/** One page for each module, as `directory/<name of the module>.md`. */
export const writeApiReference = async (directory: string): Promise<void> => {
  const modules = libraries.flatMap(({ modules }) => modules)
  const application = await Application.bootstrapWithPlugins(options(modules, directory))
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, withoutNoise)
  const project = await application.convert()
  if (project === undefined) throw new Error("The modules cannot be read.")
  nameModules(project, modules)
  application.validate(project)
  await application.generateOutputs(project)
  if (application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error("Mend what typedoc says above.")
  }
  for (const { name } of modules) {
    const file = join(directory, `${name}.md`)
    writeFileSync(file, compact(readFileSync(file, "utf8")))
  }
}
