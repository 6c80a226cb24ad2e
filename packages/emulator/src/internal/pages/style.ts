/** The stylesheet of all pages: light and dark, from 320 pixels on. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --surface: #fff; --sunken: #eef1f5; --ink: #18202b; --quiet: #525e6e; --line: #d5dce5;
  --accent: #1a4fc4; --on-accent: #fff; --good: #14683b; --warn: #865000; --bad: #b3261e;
  --good-ground: #e3f4ea; --warn-ground: #fdf0d9; --bad-ground: #fdeceb; --info-ground: #e7eefc;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141a; --surface: #191f27; --sunken: #131920; --ink: #e7ecf3; --quiet: #a4b0c0; --line: #323c49;
    --accent: #8fb6ff; --on-accent: #0a1830; --good: #7fd8a2; --warn: #f0bf66; --bad: #ffa198;
    --good-ground: #143323; --warn-ground: #3a2b0d; --bad-ground: #43201d; --info-ground: #1b2b49;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 1.5rem; letter-spacing: -.01em; }
h2 { font-size: 1.125rem; }
h3 { font-size: 1rem; }
p, ul, ol, dl, figure { margin: 0; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
code, pre, kbd { font-family: var(--mono); font-size: .875em; }
code { overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.small { font-size: .875rem; }
.stack { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.stack.tight { gap: .375rem; }
.row { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
.spread { justify-content: space-between; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; padding: .5rem 1rem; background: var(--surface); }

.panel { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; }
.note { border-radius: 10px; padding: .75rem 1rem; background: var(--info-ground); }
.note.good { background: var(--good-ground); color: var(--good); }
.note.warn { background: var(--warn-ground); color: var(--warn); }
.note.bad { background: var(--bad-ground); color: var(--bad); }

label, legend { font-weight: 600; font-size: .9375rem; }
legend { padding: 0 0 .5rem; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.field { display: grid; gap: .3rem; min-width: 0; align-content: start; }
input, select, textarea, button, .button {
  font: inherit; color: inherit; min-height: 2.75rem; border-radius: 8px; border: 1px solid var(--quiet);
  background: var(--surface); padding: .45rem .75rem; max-width: 100%;
}
input:not([type=radio]):not([type=checkbox]), select { width: 100%; min-width: 0; }
input[type=radio] { min-height: 0; accent-color: var(--accent); width: 1.15rem; height: 1.15rem; margin: 0; }
button, .button {
  cursor: pointer; font-weight: 600; display: inline-flex; align-items: center; justify-content: center; gap: .5rem;
  text-decoration: none; white-space: nowrap; border-color: var(--line); background: var(--sunken);
}
button:hover, .button:hover { border-color: var(--quiet); }
button.primary, .button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover, .button.primary:hover { filter: brightness(1.08); }
button.danger { color: var(--bad); }
button[aria-pressed=true] { background: var(--warn-ground); color: var(--warn); }
button.wide, .button.wide { width: 100%; }
button.slim, .button.slim { min-height: 2.25rem; padding: .25rem .7rem; font-size: .875rem; }
.choices { display: grid; gap: .5rem; padding: 0; list-style: none; }
.choice {
  display: flex; gap: .75rem; align-items: center; padding: .6rem .8rem; border: 1px solid var(--line);
  border-radius: 10px; cursor: pointer; font-weight: 400;
}
.choice:hover, .choice:has(:checked) { border-color: var(--accent); }
.choice:has(:checked) { background: var(--info-ground); }

.badge {
  display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-size: .8125rem; font-weight: 600;
  white-space: nowrap; background: var(--sunken); color: var(--quiet); border: 1px solid var(--line);
}
.badge.good { background: var(--good-ground); color: var(--good); border-color: transparent; }
.badge.warn { background: var(--warn-ground); color: var(--warn); border-color: transparent; }
.badge.bad { background: var(--bad-ground); color: var(--bad); border-color: transparent; }
.badge.info { background: var(--info-ground); color: var(--accent); border-color: transparent; }

.card { min-height: 100vh; display: grid; grid-template-rows: 1fr auto; }
.card main { width: 100%; max-width: 27rem; margin: 0 auto; padding: clamp(1rem, 6vh, 4rem) 1rem 2rem; align-self: start; }
.card main > .panel { padding: 1.5rem; box-shadow: 0 12px 32px -20px rgb(0 0 0 / .35); }
.card header { flex-wrap: nowrap; }
.card footer { padding: 1rem; text-align: center; color: var(--quiet); font-size: .875rem; }
.mark {
  display: inline-grid; place-items: center; width: 3.25rem; height: 3.25rem; flex: none; border-radius: 12px;
  font-weight: 700; font-size: 1.25rem; color: #fff; background: #33475f;
}
.mark.little { width: 2.25rem; height: 2.25rem; border-radius: 9px; font-size: .875rem; }
.mark.a { background: #1d5b8f; } .mark.b { background: #7a3b8f; } .mark.c { background: #9a3f2b; }
.mark.d { background: #1f6b54; } .mark.e { background: #5a4fa3; } .mark.f { background: #7c5a13; }
.code-input {
  font-family: var(--mono); font-size: 1.5rem; letter-spacing: .2em; text-align: center; text-transform: uppercase;
}

.people, .entries, .failures { list-style: none; padding: 0; }
.entries { font-size: .9375rem; }
.entry { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center; }
.entry + .entry { margin-top: .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.people > li { padding: .6rem 0; border-top: 1px solid var(--line); flex-wrap: nowrap; }
.people > li:first-child { border-top: 0; }

.top { background: var(--surface); border-bottom: 1px solid var(--line); }
.top > div, .console main, .console footer { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
.top > div { display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: center; }
.top strong { padding: .75rem 0; }
.top nav ul { display: flex; flex-wrap: wrap; list-style: none; padding: 0; gap: 0 1.25rem; }
.top nav a {
  display: block; padding: .75rem 0; color: var(--quiet); text-decoration: none; font-weight: 600;
  box-shadow: none;
}
.top nav a:hover { color: var(--ink); }
.top nav a[aria-current] { color: var(--ink); box-shadow: inset 0 -3px var(--accent); }
.console main { padding-top: 1.5rem; padding-bottom: 3rem; }
.console footer { padding-bottom: 2rem; color: var(--quiet); font-size: .875rem; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; color: var(--quiet); font-size: .9375rem; }
.facts b { color: var(--ink); font-variant-numeric: tabular-nums; }
.filter { display: grid; gap: .75rem; grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: end; }
.filter .text { grid-column: 1 / -1; }
@media (min-width: 48rem) {
  .filter { grid-template-columns: minmax(0, 10rem) minmax(0, 10rem) minmax(0, 1fr) auto auto; }
  .filter .text { grid-column: auto; }
}
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.broad { grid-column: span 2; }
.grid > .panel { align-content: start; }
.fields { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 8.5rem), 1fr)); align-items: end; }

table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
caption { text-align: left; font-weight: 600; padding: 0 0 .5rem; }
th { text-align: left; font-size: .8125rem; color: var(--quiet); font-weight: 600; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-size: inherit; color: inherit; font-weight: 400; }
.log td, .log th { font-variant-numeric: tabular-nums; }
.log tbody tr:hover { background: var(--sunken); }
.log .path { overflow-wrap: anywhere; font-family: var(--mono); font-size: .875rem; width: 60%; }
.log .device { overflow-wrap: anywhere; min-width: 8rem; }
.log .path a { color: inherit; text-decoration: none; }
.log .path a:hover { text-decoration: underline; }
.log .path b { color: var(--accent); font-weight: 600; }
.log .facts { font-family: system-ui, sans-serif; }
.end { text-align: right; white-space: nowrap; }
.once { white-space: nowrap; }
.pairs { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0; }
.pairs > div { display: grid; gap: 0 1rem; padding: .4rem 0; border-bottom: 1px solid var(--line); }
.pairs > div:last-child { border-bottom: 0; }
.pairs dt { color: var(--quiet); font-size: .875rem; }
.pairs dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-family: var(--mono); font-size: .875rem; min-width: 0; }
@media (min-width: 40rem) { .pairs > div { grid-template-columns: 13rem minmax(0, 1fr); } }
pre {
  margin: 0; padding: .9rem 1rem; background: var(--sunken); border: 1px solid var(--line); border-radius: 8px;
  white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30rem; overflow: auto;
}
details > summary { cursor: pointer; font-weight: 600; padding: .25rem 0; }
dd details > summary { font-weight: 400; padding: 0; color: var(--accent); }
details[open] > summary { margin-bottom: .5rem; }
meter { width: 8rem; height: 1rem; vertical-align: middle; }
.operation { border-top: 1px solid var(--line); }
.operation:first-of-type { border-top: 0; }
.operation > summary { font-weight: 400; padding: .65rem 0; overflow-wrap: anywhere; }
.operation > summary code { font-weight: 600; margin: 0 .4rem; }
.operation > div { padding: .25rem 0 1rem 1.1rem; }
.operation h3 { margin: .5rem 0 0; font-size: .9375rem; }
@media (min-width: 40.01rem) { .wide-gone { display: none; } }
@media (max-width: 40rem) {
  .narrow-gone { display: none; }
  .log .path { width: 99%; }
  .top strong { padding: .6rem 0 0; width: 100%; }
  .top nav ul { gap: 0 .7rem; }
  .top nav a { font-size: .8125rem; padding: .6rem 0; }
}
@media (prefers-reduced-motion: no-preference) { button, .button, .choice, .top nav a { transition: border-color .15s, color .15s; } }
@media print { .top nav, form { display: none; } }
`
