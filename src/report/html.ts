import type { Caution } from "./cautions/caution.js";
import type { ReportDocument } from "./document.js";
import { classStyle, type ReportFigure } from "./figures/theme.js";
import { escapeHtml, formatDuration, formatPercent, plural } from "./format.js";
import { classColourStyle, pageStyles } from "./styles.js";
import { tableToHtml } from "./tables/table.js";

/** The drawings of one figure, as SVG documents. */
export interface FigureDrawing {
  readonly wide: string;
  readonly narrow: string;
}

/**
 * Writes the report as one self-contained page: no script, no request to anywhere, every text escaped.
 * @param document - the report
 * @param drawings - drawings by figure id; a figure without one is left out
 * @returns the HTML document
 */
export function renderPage(document: ReportDocument, drawings: ReadonlyMap<string, FigureDrawing>): string {
  const sections: readonly (readonly [id: string, title: string, body: string])[] = [
    ["verdict", "Verdict", verdictHtml(document)],
    ["figures", "Figures", figuresHtml(document, drawings)],
    ["tables", "Tables", tablesHtml(document)],
    ["methods", "Methods", document.methods.map((text) => `<p>${escapeHtml(text)}</p>`).join("\n")],
    ["checklist", "Reporting checklist", checklistHtml(document)],
    ["reproduction", "Reproduction", reproductionHtml(document)],
  ];
  const title = escapeHtml(document.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="symptom-trajectories ${escapeHtml(document.version)}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
${pageStyles()}
</style>
</head>
<body>
<a class="skip" href="#verdict">Skip to the verdict</a>
<header>
<h1>${title}</h1>
<p class="meta">Trajectory report of <time datetime="${escapeHtml(document.date)}">${escapeHtml(readableDate(document.date))}</time></p>
<nav aria-label="Sections">
<ul>
${sections.map(([id, name]) => `<li><a href="#${id}">${name}</a></li>`).join("\n")}
</ul>
</nav>
</header>
<main>
${sections
  .map(
    ([id, name, body]) => `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${name}</h2>
${body}
</section>`,
  )
  .join("\n")}
</main>
<footer>
<p>Made by symptom-trajectories ${escapeHtml(document.version)}. Lines of single people (without names) and small counts are shown as they are: mind your disclosure rules before you share this page.</p>
</footer>
</body>
</html>
`;
}

function readableDate(iso: string): string {
  const found = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}))?/.exec(iso);
  if (found === null) return iso;
  const months =
    "January February March April May June July August September October November December".split(" ");
  const month = months[Number(found[2]) - 1] ?? found[2]!;
  const time = found[4] === undefined ? "" : `, ${found[4]}${iso.endsWith("Z") ? " UTC" : ""}`;
  return `${Number(found[3])} ${month} ${found[1]}${time}`;
}

function verdictHtml(document: ReportDocument): string {
  const { verdict } = document;
  const single = verdict.classes.length === 1;
  const classes = verdict.classes.map((each) => {
    const style = classColourStyle(each.label - 1, classStyle(each.label).colour);
    const head = single
      ? `Mean trajectory: ${each.name}`
      : `Class ${each.label}: ${each.name} (${formatPercent(each.proportion)}, ${plural(each.assigned, "person", "people")})`;
    const text = `${each.text.charAt(0).toUpperCase()}${each.text.slice(1)}.`;
    return `<li style="${style}"><strong>${escapeHtml(head)}</strong> ${escapeHtml(text)}</li>`;
  });
  const certainty = verdict.certainty.map((text) => `<li>${escapeHtml(text)}</li>`);
  return `<p class="headline">${escapeHtml(verdict.headline)}</p>
<h3>${single ? "What it looks like" : "What the classes look like"}</h3>
<ul class="classes">
${classes.join("\n")}
</ul>
<h3>How sure</h3>
${certainty.length === 0 ? "<p>See what to distrust.</p>" : `<ul>\n${certainty.join("\n")}\n</ul>`}
<h3>What to distrust</h3>
${cautionsHtml(verdict.cautions)}`;
}

function cautionsHtml(cautions: readonly Caution[]): string {
  if (cautions.length === 0)
    return "<p>Nothing was found that speaks against this result. That is not proof: see the checklist for what no program can check.</p>";
  const items = cautions.map((each) => {
    const mark = each.weight === "serious" ? "<b>Serious: </b>" : "";
    const advice = each.advice === "" ? "" : ` <span class="advice">${escapeHtml(each.advice)}</span>`;
    return `<li class="caution ${each.weight === "serious" ? "serious" : "mild"}">${mark}${escapeHtml(each.text)}${advice}</li>`;
  });
  return `<ul class="cautions">\n${items.join("\n")}\n</ul>`;
}

function figuresHtml(document: ReportDocument, drawings: ReadonlyMap<string, FigureDrawing>): string {
  let number = 0;
  return document.figures
    .flatMap((figure) => {
      const drawing = drawings.get(figure.id);
      return drawing === undefined ? [] : [figureHtml(figure, drawing, ++number)];
    })
    .join("\n");
}

function figureHtml(figure: ReportFigure, drawing: FigureDrawing, number: number): string {
  const id = escapeHtml(figure.id);
  const picture = (size: keyof FigureDrawing): string =>
    `<div class="figure-${size}" role="img" aria-label="${escapeHtml(figure.alt)}">${inlineSvg(drawing[size], `${figure.id}-${size}`)}</div>`;
  return `<figure id="figure-${id}">
<h3>Figure ${number}. ${escapeHtml(figure.title)}</h3>
${picture("wide")}
${picture("narrow")}
<figcaption>${escapeHtml(figure.caption)}</figcaption>
</figure>`;
}

/** An SVG document made part of the page: hidden from readers' aids (the box has the words), ids made its own. */
function inlineSvg(svg: string, prefix: string): string {
  const clean = prefix.replace(/[^A-Za-z0-9_-]/g, "-");
  return svg
    .replace(/^<\?xml[^>]*>\s*/, "")
    .replace(/^<svg /, '<svg aria-hidden="true" focusable="false" ')
    .replace(/ id="([^"]*)"/g, ` id="${clean}-$1"`)
    .replace(/url\(#([^)]*)\)/g, `url(#${clean}-$1)`);
}

function tablesHtml(document: ReportDocument): string {
  const shown = document.tables.map((table, i) => tableToHtml(table, `Table ${i + 1}. ${table.title}`));
  const files = document.fileTables.map((table) => escapeHtml(`tables/${table.id}.csv`));
  const note =
    files.length === 0
      ? ""
      : `<p class="note">Every table is also in the folder <code>tables</code>, with full precision; in addition: ${files.map((file) => `<code>${file}</code>`).join(", ")}.</p>`;
  return [note, ...shown].join("\n");
}

function checklistHtml(document: ReportDocument): string {
  const met = document.checklist.filter((each) => each.met).length;
  const items = document.checklist.map(
    (each) =>
      `<li><span>${escapeHtml(each.item)}</span><span class="state ${each.met ? "met" : "missing"}">${each.met ? "✓ met" : "○ missing"}</span><span class="text">${escapeHtml(each.question)}<span class="where">${escapeHtml(each.where)}</span></span></li>`,
  );
  return `<p>Guidelines for Reporting on Latent Trajectory Studies (GRoLTS; van de Schoot et al., 2017): ${met} of ${document.checklist.length} items are met by this report.</p>
<ul class="checklist">
${items.join("\n")}
</ul>`;
}

function reproductionHtml(document: ReportDocument): string {
  const { studyFile } = document;
  const facts: readonly (readonly [string, string])[] = [
    ...(studyFile === null ? [] : [["Study file", studyFile] as const]),
    ["Software", `symptom-trajectories ${document.version}`],
    ["Seed", String(document.seed)],
    ["Run", document.date],
    ["Time taken", formatDuration(document.elapsedSeconds)],
  ];
  return `<p>The same ${studyFile === null ? "settings" : "study file"}, data and version of the program give the same results to the last digit, with any number of workers, on the same version of Node. The fingerprints of the data files are in the last table.</p>
<dl>
${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join("\n")}
</dl>`;
}
