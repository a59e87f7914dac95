/** Style of a report's page: the reader's own light or dark, print, and nothing from elsewhere. */

/** Colours by what they mean; charts name the same variables. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171a); --ink: light-dark(#1b1f23, #e6e8ea);
  --line: light-dark(#d5d9dd, #353b41); --dim: light-dark(#57606a, #9aa4ae);
  --raised: light-dark(#f6f8fa, #1c2125);
  --good: light-dark(#1a7f37, #4ac26b); --bad: light-dark(#c2292e, #ff7b72);
  --open: light-dark(#9a6700, #e3b341);
  --series-1: light-dark(#0b6bcb, #6db3ff); --series-2: light-dark(#b54708, #ffa657);
  --series-3: light-dark(#1a7f37, #56d364); --series-4: light-dark(#8250df, #c297ff);
  --series-5: light-dark(#bf3989, #f778ba); --series-6: light-dark(#57606a, #a8b3bd);
  --full: light-dark(#0b6bcb, #4d94e0); --window: light-dark(#e38b1e, #f0a040);
  --faint: var(--line); --paper: var(--ground);
  --memory: var(--series-1); --compute: var(--series-2);
  --held: light-dark(#b8c0c8, #5a646e);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.25rem; margin: 3rem 0 .25rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
.file, .note, .missing, footer { color: var(--dim); } .file { margin: 0 0 .75rem; }
.note { max-width: 60rem; margin: .25rem 0 .75rem; }
.missing { border-left: 3px solid var(--open); padding-left: .75rem; }
.verdict { padding: .1rem .5rem; border: 1.5px solid currentColor; border-radius: 4px;
  font-size: .85em; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
.none { color: var(--dim); }
.summary { list-style: none; padding: 0; margin: 1rem 0; }
.summary li { padding: .5rem 0; border-top: 1px solid var(--line); }
a { color: inherit; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)); }
figure { margin: 0; padding: .5rem; border: 1px solid var(--line); border-radius: 6px; min-width: 0; }
figure.chart { max-width: 38rem; }
figure.wide { grid-column: 1 / -1; } figure.wide svg { min-width: 46rem; }
figcaption { font-weight: 600; padding: 0 .25rem .25rem; }
svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; margin: 0; padding: .25rem; }
.legend li { display: flex; align-items: center; gap: .4rem; font-size: .85rem; }
svg.key { width: 28px; height: 12px; flex: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: max-content; max-width: 70rem; margin: .5rem 0; font-variant-numeric: tabular-nums;
  overflow-wrap: normal; }
caption { text-align: left; color: var(--dim); padding-bottom: .25rem; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left;
  vertical-align: top; }
thead th { background: var(--raised); } tbody th { font-weight: normal; }
.number { text-align: right; white-space: nowrap; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--dim); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dt { color: var(--dim); } dd { margin: 0; min-width: 0; }
pre { background: var(--raised); padding: .75rem; border-radius: 6px; white-space: pre-wrap; }
footer { margin: 3rem 0 1rem; border-top: 1px solid var(--line); padding-top: .5rem; }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  section + section { break-before: page; }
  figure, tr, dl, pre { break-inside: avoid; } h2, h3, .note, caption { break-after: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  figure.wide svg { min-width: 0; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .scroll { overflow: visible; } table { width: auto; max-width: 100%; }
}
`;
