import { DARK_CLASS_COLOURS, DARK_COLOURS } from "./figures/theme.js";

/**
 * The page's style sheet: readable on paper, phone and desk, by day and by night. Figures are recoloured for a
 * dark page through their colour attributes, so one drawing serves both.
 * @returns CSS text
 */
export function pageStyles(): string {
  return `${BASE}
@media screen and (prefers-color-scheme: dark) {
:root { ${DARK_TOKENS} }
${darkFigures()}
}
${PRINT}`;
}

function darkFigures(): string {
  return Object.entries(DARK_COLOURS)
    .map(
      ([light, dark]) =>
        `figure svg [fill="${light}"] { fill: ${dark}; }\nfigure svg [stroke="${light}"] { stroke: ${dark}; }`,
    )
    .join("\n");
}

/**
 * Inline custom property for a class colour that follows the colour scheme.
 * @param index - class label less 1
 * @param light - the class colour on a light page
 * @returns text for a style attribute
 */
export function classColourStyle(index: number, light: string): string {
  return `--light:${light};--dark:${DARK_CLASS_COLOURS[index % DARK_CLASS_COLOURS.length]}`;
}

const DARK_TOKENS =
  "--ink: #eceef2; --muted: #a9b0bb; --line: #363c45; --paper: #15181c; --panel: #1d2127; --link: #8fb8f5; --serious: #ff9a8f; --serious-paper: #3a1d1b; --met: #6fd6a4; --missing: #f0b86a; color-scheme: dark";

const BASE = `:root { --ink: #16181d; --muted: #565b64; --line: #d5d9df; --paper: #ffffff; --panel: #f5f6f8; --link: #134fae; --serious: #a3201a; --serious-paper: #fdecea; --met: #17613a; --missing: #8a4b00; color-scheme: light dark; }
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif; overflow-wrap: break-word; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--paper); border: 2px solid var(--link); z-index: 1; }
a { color: var(--link); }
a:focus-visible, .scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
header, main, footer { max-width: 58rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.1rem); line-height: 1.2; margin: 0 0 .4rem; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 .8rem; padding-top: .9rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.06rem; line-height: 1.35; margin: 2rem 0 .5rem; }
p, ul, ol { margin: .6rem 0; }
p, figcaption, section > ul, h1, .headline { max-width: 47rem; }
li { margin: .35rem 0; }
.meta, .note, figcaption { color: var(--muted); font-size: .9rem; line-height: 1.5; }
.meta { margin: 0; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0; margin: 1.1rem 0 0; font-size: .95rem; }
nav li { margin: 0; }
nav a { display: inline-block; padding: .3rem 0; }
.headline { font-size: 1.2rem; line-height: 1.45; font-weight: 600; margin: 0 0 1.1rem; }
.classes { list-style: none; padding: 0; margin: 1rem 0; display: grid; gap: .6rem; }
.classes li { margin: 0; padding: .7rem .9rem; background: var(--panel); border-radius: .4rem; border-left: .4rem solid var(--light, var(--line)); }
.classes strong { display: block; }
@media screen and (prefers-color-scheme: dark) { .classes li { border-left-color: var(--dark, var(--line)); } }
.cautions { list-style: none; padding: 0; }
.cautions li { padding: .55rem .9rem; border-left: .25rem solid var(--line); margin: .5rem 0; }
.cautions .serious { border-left-color: var(--serious); background: var(--serious-paper); border-radius: 0 .3rem .3rem 0; }
.cautions .serious b { color: var(--serious); }
.cautions .advice { color: var(--muted); }
figure { margin: 2rem 0; }
figure h3 { margin: 0 0 .6rem; }
figure svg { display: block; max-width: 100%; height: auto; }
.figure-narrow { display: none; }
figcaption { margin-top: .5rem; }
.table { margin: 1.6rem 0; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; min-width: min(100%, 34rem); font-size: .875rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; font-size: .95rem; padding: 0 0 .5rem; }
caption span { display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2rem); }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; overflow-wrap: normal; max-width: 24rem; }
th:first-child, td:first-child { padding-left: .1rem; }
thead th { border-top: 1px solid var(--ink); border-bottom: 1px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: normal; }
tbody tr:last-child > * { border-bottom: 1px solid var(--ink); }
.long { min-width: 12rem; }
tr.chosen > * { font-weight: 600; background: var(--panel); }
tbody tr + tr > * { border-top: 1px solid var(--line); }
.number { text-align: right; white-space: nowrap; }
.note { margin: .4rem 0 0; }
#table-sources td, code { font-family: ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace; font-size: .85em; overflow-wrap: anywhere; }
.checklist { list-style: none; padding: 0; }
.checklist li { display: grid; grid-template-columns: 2.2rem 6rem 1fr; gap: 0 .5rem; padding: .4rem 0; border-top: 1px solid var(--line); margin: 0; }
.checklist .state { font-weight: 600; white-space: nowrap; }
.checklist .met { color: var(--met); }
.checklist .missing { color: var(--missing); }
.checklist .where { color: var(--muted); font-size: .9rem; display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .8rem 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--muted); font-size: .9rem; }
@media screen and (max-width: 40rem) {
header, main, footer { padding-left: 1rem; padding-right: 1rem; }
.figure-wide { display: none; }
.figure-narrow { display: block; }
.checklist li { grid-template-columns: 2.2rem 1fr; }
.checklist .text { grid-column: 1 / -1; }
dl { grid-template-columns: 1fr; gap: 0; }
dd { margin-bottom: .5rem; }
}`;

const PRINT = `@page { margin: 18mm 16mm; }
@media print {
:root { color-scheme: light; }
body { font-size: 10pt; line-height: 1.4; }
header, main, footer { max-width: none; padding: 0; }
nav, .skip { display: none; }
h2 { margin-top: 1.6rem; }
h2, h3, caption { break-after: avoid; }
figure, .short, .classes li, .cautions li, .checklist li, tr { break-inside: avoid; }
.figure-narrow { display: none; }
.figure-wide { display: block; }
.figure-wide svg { max-height: 200mm; }
.scroll { overflow: visible; }
thead { display: table-header-group; }
table { font-size: 7.6pt; }
.long { min-width: 0; }
caption span { max-width: none; }
th, td { padding: .15rem .35rem; }
.classes li { background: none; border-top: 1px solid var(--line); border-right: 1px solid var(--line); border-bottom: 1px solid var(--line); -webkit-print-color-adjust: exact; print-color-adjust: exact; }
a { color: inherit; text-decoration: none; }
}`;
