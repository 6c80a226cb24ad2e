import { useData, withBase } from "vitepress"
import DefaultTheme from "vitepress/theme"
import { defineComponent, h } from "vue"
import "./style.css"

/** A file, not a page of the site: the router must leave it alone. */
const MarkdownLink = defineComponent(() => {
  const { page } = useData()
  return () =>
    h("p", { class: "markdown-link" }, [
      h("a", { href: withBase(`/${page.value.relativePath}`), target: "_self" }, "This page as Markdown")
    ])
})

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "doc-footer-before": () => h(MarkdownLink) })
}
