"""How the HTML report looks, and the little that it does: one style sheet and one script, both inside the page. Pure.

Colours are named by what they stand for and come in two sets, for light and for dark; paper is always light. Nothing is told by
colour alone: every state has its glyph and its word beside it.
"""

from __future__ import annotations

import base64
import hashlib

LIGHT = {
    "bg": "#f5f6f8",
    "card": "#ffffff",
    "head": "#eef1f4",
    "ink": "#1b2027",
    "soft": "#525c69",
    "line": "#d8dde4",
    "link": "#0a58a8",
    "ok": "#17673a",
    "ok-bg": "#e2f3e8",
    "warning": "#8a4a00",
    "warning-bg": "#fdf0d8",
    "critical": "#ab1519",
    "critical-bg": "#fde8e7",
    "unknown": "#5f3aa0",
    "unknown-bg": "#efe9fa",
    "off": "#4d5763",
    "off-bg": "#e8ebef",
    "phase-1": "#9db2c9",
    "phase-2": "#6f93bb",
    "phase-3": "#41719f",
    "phase-4": "#1d4a75",
}
"""Colours by name, on a light ground."""

DARK = {
    "bg": "#13161a",
    "card": "#1b1f25",
    "head": "#242a32",
    "ink": "#e7eaee",
    "soft": "#a3adb9",
    "line": "#333b45",
    "link": "#7fb8f5",
    "ok": "#6fd697",
    "ok-bg": "#173124",
    "warning": "#f2bb59",
    "warning-bg": "#392a10",
    "critical": "#ff9089",
    "critical-bg": "#421b1c",
    "unknown": "#c6a8ff",
    "unknown-bg": "#2d2344",
    "off": "#b0b9c4",
    "off-bg": "#2c333c",
    "phase-1": "#4a6078",
    "phase-2": "#5f84ad",
    "phase-3": "#83addb",
    "phase-4": "#b6d5f7",
}
"""As `LIGHT`, on a dark ground."""

READ_ON = (
    *((name, ground) for name in ("ink", "soft", "link") for ground in ("bg", "card", "head")),
    *((name, f"{name}-bg") for name in ("ok", "warning", "critical", "unknown", "off")),
    *((name, "card") for name in ("ok", "warning", "critical", "unknown", "off")),
    *(("ink", f"{name}-bg") for name in ("ok", "warning", "critical", "unknown")),
    *(("soft", f"{name}-bg") for name in ("ok", "warning", "critical", "unknown")),
)
"""Pairs of text and ground that occur: each has a contrast of 4.5 or more in both sets."""


def _variables(colors: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colors.items())


_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0 auto;padding:clamp(.75rem,2vw,1.5rem);max-width:84rem;background:var(--bg);color:var(--ink);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;
 overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.88em}
h1,h2,h3{line-height:1.3;text-wrap:pretty}
h2{margin:2.2rem 0 .7rem;font-size:1.15rem}
h3{margin:0;font-size:1rem}
p{margin:.4rem 0}
ul{margin:.3rem 0;padding-left:1.2rem}
.soft,small{color:var(--soft)}
small{font-size:.86em}
.tag{display:inline-block;padding:.05em .55em;border-radius:1em;font-weight:600;font-size:.86em;white-space:nowrap;
 background:var(--tone-bg);color:var(--tone)}
.tag b{font-weight:700;margin-right:.15em}
.ok{--tone:var(--ok);--tone-bg:var(--ok-bg)}
.warning{--tone:var(--warning);--tone-bg:var(--warning-bg)}
.critical{--tone:var(--critical);--tone-bg:var(--critical-bg)}
.unknown{--tone:var(--unknown);--tone-bg:var(--unknown-bg)}
.off{--tone:var(--off);--tone-bg:var(--off-bg)}
.verdict{padding:1.1rem 1.3rem 1rem;border-radius:.7rem;border:1px solid var(--line);border-left:.5rem solid var(--tone);
 background:var(--tone-bg)}
.verdict h1{margin:0;font-size:clamp(1.15rem,1rem + 1vw,1.55rem);font-weight:650}
.verdict h1 .word{display:block;color:var(--tone);font-size:.72em;font-weight:750;letter-spacing:.06em;margin-bottom:.15rem}
.verdict p{margin:.45rem 0 0}
nav{margin:.8rem 0 0;font-size:.92em}
nav a{display:inline-block;margin-right:1.1rem;padding:.15rem 0}
.card{margin:.7rem 0;padding:.85rem 1.1rem 1rem;background:var(--card);border:1px solid var(--line);
 border-left:.3rem solid var(--tone,var(--line));border-radius:.55rem}
.card header{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline}
.card header h3{flex:1 1 18rem;min-width:0}
.card dl,.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1rem;margin:.6rem 0 0}
dt{color:var(--soft)}
dd{margin:0}
dd ul{margin:0;padding-left:0;list-style:none}
dd p{margin:0 0 .2rem}
.do dd{font-weight:600}
.card dl>div,.facts>div{display:contents}
.plain{margin:.4rem 0;padding:.7rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:.55rem}
.plain>ul{padding-left:1.1rem}
.wide{background:var(--card);border:1px solid var(--line);border-radius:.55rem;margin:.5rem 0}
table{width:100%;border-collapse:collapse;font-size:.93em}
th,td{padding:.4rem .65rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{position:sticky;top:0;z-index:2;background:var(--head);border-top:0;font-size:.9em;font-weight:600;white-space:nowrap;
 color:var(--soft);vertical-align:bottom}
.wide thead th:first-child{border-top-left-radius:.5rem}
.wide thead th:last-child{border-top-right-radius:.5rem}
tbody th{font-weight:500}
tbody th small{display:block;font-weight:400}
.n{text-align:right;white-space:nowrap}
.mono{overflow-wrap:anywhere}
tbody tr:hover>*{background:color-mix(in srgb,var(--head) 55%,var(--card))}
.e>*{border-top-style:dotted;padding-top:.2rem;padding-bottom:.3rem}
.e>td:first-child{padding-left:1.3rem}
thead button{all:unset;cursor:pointer;padding:.1rem .2rem;margin:-.1rem -.2rem;border-radius:.25rem}
thead button:focus-visible{outline:2px solid var(--link)}
thead button:hover{color:var(--ink)}
thead button::after{content:"\\2195";display:inline-block;width:1.1em;text-align:right;opacity:.45}
[aria-sort=ascending] button::after{content:"\\2191";opacity:1}
[aria-sort=descending] button::after{content:"\\2193";opacity:1}
.torrents{min-width:52rem;table-layout:fixed}
.torrents col:nth-child(1){width:7.6rem}
.torrents col:nth-child(3),.torrents col:nth-child(4){width:5.6rem}
.torrents col:nth-child(5){width:6.6rem}
.torrents col:nth-child(6){width:5.8rem}
.torrents col:nth-child(7){width:17rem}
.torrents col:nth-child(8){width:4.6rem}
.trackers{min-width:62rem;table-layout:fixed}
.trackers col:nth-child(1){width:8rem}
.trackers col:nth-child(3){width:5.7rem}
.trackers col:nth-child(4){width:6.4rem}
.trackers col:nth-child(5){width:6.6rem}
.trackers col.days{width:12.7rem}
.trackers col.bars{width:17rem}
.trackers col:nth-last-child(2){width:8.2rem}
.trackers col:nth-last-child(1){width:13.5rem}
.since{white-space:nowrap}
.time svg{display:block;margin:.3rem 0 .15rem}
.of{display:block}
td:has(.strip){white-space:nowrap}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.45rem .8rem;border:1px solid var(--line);border-radius:.55rem;background:var(--card);width:max-content;
 max-width:100%}
.card summary{border:0;padding:0;background:none;color:var(--link)}
summary:hover{background:var(--head)}
.long{content-visibility:auto;contain-intrinsic-size:auto 20rem}
.group>h3{display:flex;flex-wrap:wrap;gap:.15rem .8rem;align-items:center;margin:1.3rem 0 .4rem}
.group>h3 small{font-weight:400}
.find{margin:.5rem 0}
.find input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .6rem;
 width:min(22rem,60vw)}
svg{display:inline-block;vertical-align:middle;overflow:visible}
.share{width:9rem;height:.55rem;border-radius:.2rem;overflow:hidden}
.strip{width:8.6rem;height:1.35rem}
.bar{width:min(100%,13rem);height:.5rem}
svg .ok{fill:var(--ok)}
svg .warning{fill:var(--warning)}
svg .critical{fill:var(--critical)}
svg .unknown{fill:var(--unknown)}
svg .x{fill:none;stroke:var(--critical);stroke-width:1.5}
svg .none{fill:var(--soft)}
svg .cut{fill:var(--card)}
svg .p1{fill:var(--phase-1)}
svg .p2{fill:var(--phase-2)}
svg .p3{fill:var(--phase-3)}
svg .p4{fill:var(--phase-4)}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.88em;color:var(--soft);margin:.4rem 0;padding:0;list-style:none}
.legend svg{width:.8rem;height:.8rem;margin-right:.4rem}
.legend .key{width:.34rem;height:1.3rem}
pre{margin:.2rem 0;padding:.55rem .8rem;background:var(--head);border-radius:.4rem;white-space:pre-wrap}
dd pre{margin:0}
footer{margin-top:2rem;font-size:.88em;color:var(--soft)}
@media (max-width:76rem){
 .wide{overflow-x:auto}
 .wide tbody th{position:sticky;left:0;z-index:1;background:var(--card);min-width:11rem}
 .torrents col:nth-child(2){width:13rem}
 .torrents{min-width:62rem}
 .trackers{min-width:74rem}
}
@media (max-width:34rem){
 body{font-size:16px}
 .card dl,.facts{grid-template-columns:minmax(0,1fr);gap:0}
 .card dt,.facts dt{margin-top:.45rem;font-size:.86em}
 table{font-size:.86em}
 th,td{padding:.35rem .4rem}
 .wide tbody th{min-width:9.4rem}
 .torrents{min-width:50rem}
 .torrents col:nth-child(1){width:5.7rem}
 .torrents col:nth-child(2){width:9.7rem}
 .torrents col:nth-child(3){width:5.2rem}
 .trackers{min-width:71rem}
 .trackers col:nth-child(1){width:7.3rem}
 .e>td:first-child{padding-left:.7rem}
 .verdict{padding:.9rem 1rem}
}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{
 body{max-width:none;padding:0;font-size:9.5pt;background:none}
 nav,.find,.find-again{display:none}
 h2{margin-top:1.2rem}
 h2,h3,summary,thead{break-after:avoid}
 .card,tr,.verdict{break-inside:avoid}
 .long{content-visibility:visible}
 .wide{overflow:visible;border:0}
 .torrents,.trackers{min-width:0;font-size:.88em}
 table.torrents,table.trackers{table-layout:auto}
 table.torrents col,table.trackers col{width:auto}
 thead th{white-space:normal}
 .trackers tbody{break-inside:avoid}
 .since{white-space:normal}
 .strip{width:7rem}
 .bar{width:8rem}
 th,td{padding:.2rem .35rem}
 thead th,.wide tbody th{position:static}
 thead button::after{content:none}
 details::details-content{content-visibility:visible;block-size:auto}
 summary{border:0;padding:0;list-style:none;background:none}
 a{color:inherit;text-decoration:none}
 .tag,.verdict,svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
"""

STYLE = (
    f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
    f"\n@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
    f"{_RULES}"
)
"""What stands between `<style>` and `</style>`."""

SCRIPT = """
(() => {
'use strict';
const value = (row, at) => {
  const cell = row.cells[at];
  const text = (cell.dataset.s ?? cell.textContent).trim();
  const number = text === '' || text === '?' || text === '-' ? NaN : Number(text.replaceAll(',', ''));
  return Number.isNaN(number) ? text.toLowerCase() : number;
};
const order = (one, other) => {
  if (typeof one === typeof other) return typeof one === 'number' ? one - other : one.localeCompare(other, 'en', {numeric: true});
  return typeof one === 'number' ? 1 : -1;
};
const tables = [...document.querySelectorAll('table[data-group]')];
const sort = (group, at, down) => {
  for (const table of tables.filter(table => table.dataset.group === group)) {
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if (head.hasAttribute('aria-sort')) head.setAttribute('aria-sort', index !== at ? 'none' : down ? 'descending' : 'ascending');
    });
    const nested = group === 'trackers';
    const items = nested ? [...table.tBodies] : [...table.tBodies[0].rows];
    const keyed = items.map((item, index) => [value(nested ? item.rows[0] : item, at), index, item]);
    keyed.sort((a, b) => (down ? -1 : 1) * order(a[0], b[0]) || a[1] - b[1]);
    (nested ? table : table.tBodies[0]).append(...keyed.map(entry => entry[2]));
  }
};
for (const table of tables) {
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute('aria-sort', 'none');
    button.addEventListener('click', () => sort(table.dataset.group, at, head.getAttribute('aria-sort') === 'ascending'));
  });
}
const place = document.getElementById('find');
if (place) {
  const label = document.createElement('label');
  const input = document.createElement('input');
  const told = document.createElement('output');
  input.type = 'search';
  label.append('Find a torrent ', input);
  place.append(label, ' ', told);
  const rows = tables.filter(table => table.dataset.group === 'torrents').flatMap(table => [...table.tBodies[0].rows]);
  const words = rows.map(row => row.textContent.toLowerCase());
  const folds = [...document.querySelectorAll('.group details')];
  const before = folds.map(fold => fold.open);
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    let found = 0;
    rows.forEach((row, at) => {
      row.hidden = !words[at].includes(wanted);
      found += !row.hidden;
    });
    folds.forEach((fold, at) => { fold.open = wanted ? true : before[at]; });
    for (const box of document.querySelectorAll('.group .wide, .group details, .group')) {
      box.hidden = Boolean(wanted) && !box.querySelector('tbody tr:not([hidden])');
    }
    told.textContent = wanted ? `${found.toLocaleString('en')} of ${rows.length.toLocaleString('en')}` : '';
  });
}
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('details:not([open])')];
  for (const fold of folded) fold.open = true;
});
addEventListener('afterprint', () => {
  for (const fold of folded) fold.open = false;
});
})();
"""
"""What stands between `<script>` and `</script>`; without it the page is complete, and tables stay in their order."""


def _allowed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY = (
    "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"style-src {_allowed(STYLE)}; script-src {_allowed(SCRIPT)}"
)
"""What a browser may load for the page: its own style and script as they are here, and nothing else."""
