import { resolve } from "node:path";
import type { CovariateSpec, MeasureInput, PrepSpecInput, TimeSpec } from "../prep/types.js";
import type { CovariateSection, MeasureSection, StudyFile, TimeSection } from "./schema.js";

/** The sections of a study that say how the data are prepared. */
export type PrepSections = Pick<
  StudyFile,
  "data" | "measures" | "time" | "sessions" | "exclusions" | "covariates"
>;

/** Keys of the study file and what `prep` calls them, where the two differ. */
export const PREP_NAMES: ReadonlyMap<string, string> = new Map([
  ["item_maximum", "itemMaximum"],
  ["missing_items", "maximumMissingItems"],
  ["reliable_change", "reliableChange"],
  ["origin_column", "originColumn"],
  ["time_varying", "timeVarying"],
  ["sessions.minimum", "minimumSessions"],
  ["sessions.maximum", "maximumSession"],
  ["sessions.latest", "maximumTime"],
]);

/**
 * Says in the terms of `prep` how a study prepares its data.
 * @param study - the sections
 * @param directory - folder of the study file, where relative paths start
 * @returns the specification, defaults still to be filled by `resolvePrepSpec`
 */
export function prepInput(study: PrepSections, directory: string): PrepSpecInput {
  const { data, sessions = {} } = study;
  const files = (typeof data.file === "string" ? [data.file] : data.file).map((file) =>
    resolve(directory, file),
  );
  const { file: _, missing, ...source } = data;
  return {
    ...source,
    data: files.length === 1 ? files[0]! : files,
    ...(missing === undefined ? {} : { missing: missing.map(String) }),
    measures: Object.entries(study.measures).map(([name, measure]) => measureInput(name, measure)),
    time: timeInput(study.time),
    covariates: Object.entries(study.covariates ?? {}).map(([name, covariate]) =>
      covariateInput(name, covariate),
    ),
    exclusions: (study.exclusions ?? []).map((rule) => ({ name: rule.name ?? rule.keep, keep: rule.keep })),
    ...(sessions.minimum === undefined ? {} : { minimumSessions: sessions.minimum }),
    ...(sessions.maximum === undefined ? {} : { maximumSession: sessions.maximum }),
    ...(sessions.latest === undefined ? {} : { maximumTime: sessions.latest }),
    ...(sessions.duplicates === undefined ? {} : { duplicates: sessions.duplicates }),
  };
}

function measureInput(name: string, measure: MeasureSection): MeasureInput {
  const { item_maximum, missing_items, reliable_change, caseness, caseness_above, ...same } = measure;
  return {
    name,
    ...same,
    ...(item_maximum === undefined ? {} : { itemMaximum: item_maximum }),
    ...(missing_items === undefined ? {} : { maximumMissingItems: missing_items }),
    // A known measure may count only scores above its cut-off; a cut-off of the study's own says which way it counts.
    ...(caseness === undefined
      ? {}
      : { caseness: caseness === "none" ? null : caseness, casenessExclusive: false }),
    ...(caseness_above === undefined ? {} : { caseness: caseness_above, casenessExclusive: true }),
    ...(reliable_change === undefined
      ? {}
      : { reliableChange: reliable_change === "none" ? null : reliable_change }),
  };
}

function timeInput(time: TimeSection): Partial<TimeSpec> {
  const { origin_column: originColumn, label: _, ...same } = time;
  return { ...same, ...(originColumn === undefined ? {} : { originColumn }) };
}

function covariateInput(name: string, covariate: CovariateSection): CovariateSpec {
  const { levels, missing, time_varying: timeVarying, ...same } = covariate;
  return {
    name,
    ...same,
    ...(levels === undefined ? {} : { levels: levels.map(String) }),
    ...(missing === undefined ? {} : { missing: missing.map(String) }),
    ...(timeVarying === undefined ? {} : { timeVarying }),
  };
}
