import type { ClassDescription } from "../describe.js";
import { fileStem } from "../format.js";
import type { ReportInput } from "../input.js";
import {
  descriptivesTable,
  ledgerTable,
  occasionsTable,
  outcomesByClassTable,
  outcomesTable,
  sourcesTable,
} from "./cohort.js";
import { classSizesTable, enumerationTable } from "./enumeration.js";
import {
  explainedVarianceTable,
  parametersTable,
  randomEffectsTable,
  residualTable,
  termTestsTable,
} from "./estimates.js";
import { classStabilityTable, hypothesesTable, intervalsTable } from "./inference.js";
import { runnerUpTable, startsTable } from "./maxima.js";
import { classificationTable, observedFittedTable, otherFitsTable, trajectoriesTable } from "./model.js";
import { regressionTables } from "./predictors.js";
import type { ReportTable } from "./table.js";

/** Tables that would only fill the page; they are written as CSV. */
const CSV_ONLY: ReadonlySet<string> = new Set(["trajectories", "observed-fitted", "class-sizes"]);

/** Every table of a report, with where each is shown. */
export interface ReportTables {
  /** In reading order, on the page and as CSV. */
  readonly shown: readonly ReportTable[];
  /** As CSV only. */
  readonly fileOnly: readonly ReportTable[];
}

/**
 * Every table of a report.
 * @param input - the report's input
 * @param descriptions - the classes in words
 * @returns the tables that apply, with distinct ids
 */
export function buildTables(input: ReportInput, descriptions: readonly ClassDescription[]): ReportTables {
  const { chosen } = input;
  const candidates: readonly (ReportTable | null)[] = [
    ledgerTable(input),
    descriptivesTable(input),
    occasionsTable(input),
    enumerationTable(input),
    classSizesTable(input),
    classificationTable(input, descriptions),
    parametersTable(chosen, "parameters", "Estimates of the chosen model"),
    termTestsTable(chosen),
    hypothesesTable(input.inference),
    randomEffectsTable(chosen),
    residualTable(chosen),
    intervalsTable(chosen, input.inference),
    explainedVarianceTable(chosen),
    classStabilityTable(input.inference),
    startsTable(chosen),
    runnerUpTable(chosen),
    trajectoriesTable(input),
    observedFittedTable(input),
    ...input.regressions.flatMap((each, i) => regressionTables(each, i + 1)),
    outcomesTable(input),
    outcomesByClassTable(input),
    otherFitsTable(input),
    ...input.otherFits.map(({ name, fit }) =>
      parametersTable(fit, fileStem(`parameters-${name}`), `Estimates of “${name}”`),
    ),
    sourcesTable(input),
  ];
  const used = new Set<string>();
  const all = candidates.flatMap((table) => {
    if (table === null) return [];
    let id = table.id;
    for (let n = 2; used.has(id); n++) id = `${table.id}-${n}`;
    used.add(id);
    return [id === table.id ? table : { ...table, id }];
  });
  return {
    shown: all.filter((table) => !CSV_ONLY.has(table.id)),
    fileOnly: all.filter((table) => CSV_ONLY.has(table.id)),
  };
}
