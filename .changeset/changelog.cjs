// How a changeset reads in the changelog of a package: its text, without hashes of commits. Changesets adds a heading
// for its kind. The packages move together, so a line about updated dependencies would say nothing.
const indented = (text) => text.trim().replaceAll(/\n(?=.)/g, "\n  ")

module.exports = {
  getReleaseLine: async ({ summary }) => `- ${indented(summary)}`,
  getDependencyReleaseLine: async () => ""
}
