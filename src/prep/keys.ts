import { nearestName, type Problem, unknownKeys } from "../core/errors.js";
import type {
  CovariateSpec,
  ExclusionRule,
  MeasureSpec,
  PrepSpec,
  PrepSpecInput,
  TimeSpec,
} from "./types.js";

/** A record with every key of a type, so that the compiler tells when one is forgotten here. */
type Keys<T> = { readonly [K in keyof Required<T>]: true };

const TOP: Keys<PrepSpec> = {
  data: true,
  format: true,
  layout: true,
  id: true,
  episode: true,
  episodes: true,
  measures: true,
  time: true,
  covariates: true,
  exclusions: true,
  minimumSessions: true,
  maximumSession: true,
  maximumTime: true,
  duplicates: true,
  missing: true,
  setAsideLimit: true,
};
const MEASURE: Keys<MeasureSpec> = {
  name: true,
  label: true,
  role: true,
  column: true,
  items: true,
  pattern: true,
  minimum: true,
  maximum: true,
  itemMaximum: true,
  maximumMissingItems: true,
  caseness: true,
  casenessExclusive: true,
  reliableChange: true,
  fractional: true,
};
const TIME: Keys<TimeSpec> = {
  name: true,
  kind: true,
  column: true,
  pattern: true,
  origin: true,
  originColumn: true,
  unit: true,
};
const COVARIATE: Keys<CovariateSpec> = {
  name: true,
  column: true,
  expression: true,
  type: true,
  levels: true,
  missing: true,
  timeVarying: true,
};
const EXCLUSION: Keys<ExclusionRule> = { name: true, keep: true };

// What the study file calls differently, and is too far off to be found as a near miss.
const STUDY_KEYS: ReadonlyMap<string, string> = new Map([
  ["sessions", "Here its keys are minimumSessions, maximumSession, maximumTime and duplicates."],
  ["file", 'Did you mean "data"?'],
  ["minimum", 'Did you mean "minimumSessions"?'],
  ["maximum", 'Did you mean "maximumSession"?'],
  ["latest", 'Did you mean "maximumTime"?'],
]);

/**
 * Checks the keys of a specification before any of them is read: callers without a compiler misspell them.
 * @param input - the specification as the user gave it
 * @returns `problems`: every unknown key, with the nearest known one, and every required one that is missing or
 *   not of the right kind; `readable`: true when the specification can be read further all the same
 */
export function checkKeys(input: PrepSpecInput): {
  readonly problems: readonly Problem[];
  readonly readable: boolean;
} {
  const unknown: Problem[] = [];
  const broken: Problem[] = [];
  if (!isRecord(input)) {
    const message = "The specification of a preparation is not an object.";
    return {
      problems: [{ code: "bad-value", message, expected: "data, id, measures and time" }],
      readable: false,
    };
  }
  for (const problem of unknownKeys(given(input), Object.keys(TOP), "preparation")) {
    const hint = STUDY_KEYS.get(/"(.*)"/.exec(problem.message)?.[1] ?? "");
    unknown.push(hint === undefined ? problem : { ...problem, fix: hint });
  }
  for (const [key, expected] of [
    ["data", "the path of a data file, or a list of them"],
    ["id", "the column that says whose row it is"],
    ["measures", "a list of measures, e.g. phq9"],
    ["time", "the column of time, or settings of the time axis"],
  ] as const)
    if (input[key] === undefined || input[key] === null)
      broken.push(missing(input, key, "preparation", expected));
  const entries = (list: unknown, where: string, keys: object, required: readonly string[]): void => {
    if (list === undefined || list === null) return;
    if (!Array.isArray(list)) {
      broken.push({ code: "bad-value", where, message: "It is not a list.", expected: "a list" });
      return;
    }
    list.forEach((entry: unknown, i) => {
      if (typeof entry === "string") return;
      if (!isRecord(entry)) {
        broken.push({
          code: "bad-value",
          where: `${where}[${i}]`,
          message: "It is neither a text nor an object.",
          expected: `a text, or the keys ${required.join(" and ")}`,
        });
        return;
      }
      const at = typeof entry.name === "string" ? `${where}[${i}] (${entry.name})` : `${where}[${i}]`;
      unknown.push(...unknownKeys(given(entry), Object.keys(keys), at));
      for (const key of required)
        if (typeof entry[key] !== "string") broken.push(missing(entry, key, at, "a text"));
    });
  };
  entries(input.measures, "measures", MEASURE, ["name"]);
  entries(input.covariates, "covariates", COVARIATE, ["name"]);
  entries(input.exclusions, "exclusions", EXCLUSION, ["name", "keep"]);
  if (isRecord(input.time)) unknown.push(...unknownKeys(given(input.time), Object.keys(TIME), "time"));
  return { problems: [...unknown, ...broken], readable: broken.length === 0 };
}

/** A key that is not there; where a key that is there looks like it, that one is its own problem with the hint. */
function missing(input: object, key: string, where: string, expected: string): Problem {
  const near = nearestName(
    key,
    Object.keys(input).filter((other) => other !== key),
  );
  return {
    code: "missing-key",
    where,
    message: `The required option "${key}" is missing.`,
    expected,
    ...(near === undefined ? {} : { fix: `There is "${near}".` }),
  };
}

/** The keys that hold something: an undefined one asks for nothing. */
function given(input: object): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
