import { basename } from "node:path";
import { VERSION } from "../core/version.js";
import type { EnumerationResult, FitResult } from "../models/result.js";
import type { Cohort } from "../prep/types.js";
import type { ReportInput } from "../report/input.js";
import type { Run } from "./context.js";

/**
 * Gathers what the report of a study is made of.
 * @param run - the run, all its parts finished
 * @param cohort - the prepared data
 * @param enumeration - the comparison of models
 * @param chosen - the model that the report is about
 * @returns the input of `writeReport`
 */
export function reportInput(
  { study, finished, started }: Run,
  cohort: Cohort,
  enumeration: EnumerationResult,
  chosen: FitResult,
): ReportInput {
  return {
    title: study.title,
    date: started.toISOString(),
    version: VERSION,
    seed: study.seed,
    studyFile: basename(study.studyFile),
    measure: cohort.measures.find(({ name }) => name === study.outcome)!,
    timeLabel: study.timeLabel,
    timeUnit: cohort.time.unit,
    long: cohort.long,
    persons: cohort.persons,
    cohort: {
      ledger: cohort.ledger,
      notes: [...finished.warnings],
      descriptives: cohort.descriptives,
      outcomes: cohort.outcomes,
      sources: cohort.sources,
    },
    outcomeMeasures: cohort.measures,
    enumeration,
    chosen,
    otherFits:
      finished.growth === null ? [] : [{ name: "Growth curve with covariates", fit: finished.growth }],
    regressions: finished.regressions,
    ...(finished.inference === null ? {} : { inference: finished.inference }),
    ...(finished.diagnostics === null ? {} : { diagnostics: finished.diagnostics }),
    elapsedSeconds: (Date.now() - started.getTime()) / 1000,
  };
}
