import { buildChecklist, type ChecklistItem } from "./checklist.js";
import { type ClassDescription, describeClasses, timeUnit } from "./describe.js";
import { buildFigures } from "./figures/index.js";
import type { ReportFigure } from "./figures/theme.js";
import { followUp } from "./followUp.js";
import type { ReportInput } from "./input.js";
import { buildMethods } from "./methods.js";
import { buildTables } from "./tables/index.js";
import type { ReportTable } from "./tables/table.js";
import { buildVerdict, type ReportVerdict } from "./verdict.js";

/** A report before it is drawn: plain values, made without Node. */
export interface ReportDocument {
  readonly title: string;
  /** Date and time of the run, ISO 8601. */
  readonly date: string;
  readonly version: string;
  readonly seed: number;
  /** The study file that the run read, where there was one. */
  readonly studyFile: string | null;
  readonly elapsedSeconds: number;
  readonly classes: readonly ClassDescription[];
  readonly verdict: ReportVerdict;
  readonly figures: readonly ReportFigure[];
  /** Tables on the page and as CSV. */
  readonly tables: readonly ReportTable[];
  /** Tables as CSV only. */
  readonly fileTables: readonly ReportTable[];
  /** Paragraphs of a methods section. */
  readonly methods: readonly string[];
  /** Reporting checklist (GRoLTS). */
  readonly checklist: readonly ChecklistItem[];
}

/**
 * Builds a report from results: verdict, figures, tables, methods and checklist. Reads results only and fits nothing.
 * @param input - the results
 * @returns the report as plain values; `renderPage` turns it into HTML, `writeReport` into a folder
 */
export function buildReport(input: ReportInput): ReportDocument {
  const classes = describeClasses(
    input.chosen,
    input.measure,
    timeUnit(input),
    followUp(input).classes.map((group) => group?.seenUntil ?? null),
  );
  const tables = buildTables(input, classes);
  return {
    title: input.title,
    date: input.date,
    version: input.version,
    seed: input.seed,
    studyFile: input.studyFile ?? null,
    elapsedSeconds: input.elapsedSeconds,
    classes,
    verdict: buildVerdict(input, classes),
    figures: buildFigures(input, classes),
    tables: tables.shown,
    fileTables: tables.fileOnly,
    methods: buildMethods(input),
    checklist: buildChecklist(input),
  };
}
