"""How the page of service levels looks: its style sheet, in light and in dark."""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2430; --soft: #56606e;
  --line: #d5dae1; --tint: #f4f6f9; --bar: #3a6ea5; --good: #176b3a; --good-tint: #e2f3e8;
  --bad: #b3261e; --bad-tint: #fde7e5; --none-tint: #eceff3; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e6eaf0; --soft: #a3adba;
  --line: #333b47; --tint: #1c222b; --bar: #7fb0e2; --good: #7fd6a2; --good-tint: #173424;
  --bad: #ff9d94; --bad-tint: #451c19; --none-tint: #272e38; } }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, "Helvetica Neue", Helvetica, Arial, sans-serif; margin: 0;
  color: var(--ink); background: var(--paper); }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: 0 0 .6rem; }
.soft, small { color: var(--soft); }
small { display: block; font-size: .85rem; font-weight: 400; max-width: 26rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; padding: 0;
  list-style: none; }
.tiles li { flex: 1 1 9rem; padding: .7rem 1rem; border-radius: .5rem;
  background: var(--none-tint); }
.tiles strong { display: block; font-size: 1.7rem; line-height: 1.2; }
.tiles .met { background: var(--good-tint); color: var(--good); }
.tiles .missed { background: var(--bad-tint); color: var(--bad); }
.missing { border-left: 4px solid var(--bad); padding-left: 1rem; margin: 0 0 1.4rem; }
.missing ul { margin: 0; padding-left: 1.1rem; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .45rem .6rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--ink); font-size: .85rem; white-space: nowrap; }
tbody th { font-weight: 600; }
tbody.area > tr:first-child > th { background: var(--tint); font-size: .85rem;
  color: var(--soft); }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.verdict { display: inline-block; white-space: nowrap; padding: .05rem .55rem;
  border-radius: 1rem; background: var(--none-tint); }
.verdict.met { background: var(--good-tint); color: var(--good); }
.verdict.missed { background: var(--bad-tint); color: var(--bad); font-weight: 700; }
.plot { width: 100%; height: auto; display: block; }
.spark { width: 120px; height: 28px; display: block; }
.bar { fill: var(--bar); }
.bar.marked { fill: var(--bad); }
.axis { stroke: var(--line); }
.plot text { fill: var(--soft); font: 12px system-ui, sans-serif; text-anchor: middle; }
.plot .number { fill: var(--ink); }
.spark polyline { fill: none; stroke: var(--bar); stroke-width: 1.5; }
.spark .last { fill: var(--bar); }
.spark .missed { fill: var(--bad); }
details { margin: .4rem 0 0; }
summary { cursor: pointer; color: var(--soft); }
dl { margin: 0; }
dt { font-weight: 600; margin-top: .8rem; }
dd { margin: 0; }
code { font-size: .9em; }
@media print { main { max-width: none; padding: 0; } details { display: none; } }
"""
