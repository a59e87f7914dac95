/** Style of the matrix page: the reader's own light or dark, and nothing from elsewhere. */
export const MATRIX_STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171a); --ink: light-dark(#1b1f23, #e6e8ea);
  --line: light-dark(#d5d9dd, #353b41); --dim: light-dark(#5b6570, #98a2ac);
  --pass: light-dark(#d9f0df, #173d25); --fail: light-dark(#f8d4d0, #571d18);
  --known: light-dark(#fbe9c3, #4d3a0c); --error: light-dark(#e8d6f5, #3d2352);
  --skip: light-dark(#eceff1, #23282d);
}
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .3rem .7rem; text-align: right; }
th:first-child { text-align: left; } th[scope=col] { vertical-align: bottom; }
small { display: block; color: var(--dim); font-weight: normal; }
.pass { background: var(--pass); } .fail { background: var(--fail); font-weight: bold; }
.known { background: var(--known); } .error { background: var(--error); }
.skip, .none { background: var(--skip); color: var(--dim); }
.legend span { padding: .15rem .5rem; border-radius: 3px; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
details { border-top: 1px solid var(--line); padding: .4rem 0; }
pre { overflow-x: auto; padding: .5rem; background: var(--skip); }
`;
