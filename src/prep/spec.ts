import { InputError, type Problem } from "../core/errors.js";
import { parseExpression } from "../core/expression.js";
import { checkKeys } from "./keys.js";
import { resolveMeasure } from "./measures.js";
import type {
  CovariateSpec,
  ExclusionRule,
  MeasureSpec,
  PrepSpec,
  PrepSpecInput,
  TimeSpec,
} from "./types.js";

/** Values that mean missing in any column unless the specification says otherwise; case does not matter. */
export const DEFAULT_MISSING: readonly string[] = ["", "NA", "N/A", "NULL", "NaN", "."];

/** Names of outcome columns of the person table. */
export const OUTCOME_NAMES = [
  "caseness",
  "recovery",
  "reliable_improvement",
  "reliable_deterioration",
  "reliable_recovery",
  "no_reliable_change",
] as const;

const NAME = /^[A-Za-z_]\w*$/;

/**
 * Fills every default of a preparation, in one place.
 * @param input - the specification as the user gave it; an already resolved one comes back unchanged
 * @returns the full specification: plain JSON, fit for a manifest
 * @throws InputError listing every unknown or missing key, contradiction, unknown measure and bad expression
 */
export function resolvePrepSpec(input: PrepSpecInput): PrepSpec {
  const keys = checkKeys(input);
  if (!keys.readable) throw new InputError(keys.problems);
  const problems: Problem[] = [...keys.problems];
  const collect = <T>(make: () => T): T | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const measures = input.measures.flatMap((measure) => {
    const resolved = collect(() => resolveMeasure(typeof measure === "string" ? { name: measure } : measure));
    return resolved === undefined ? [] : [resolved];
  });
  const spec: PrepSpec = {
    ...input,
    layout: input.layout ?? "long",
    episodes: input.episodes ?? "first",
    measures,
    time: resolveTime(input.time),
    covariates: (input.covariates ?? []).map((c): CovariateSpec => (typeof c === "string" ? { name: c } : c)),
    exclusions: (input.exclusions ?? []).map(
      (rule): ExclusionRule => (typeof rule === "string" ? { name: rule, keep: rule } : rule),
    ),
    minimumSessions: input.minimumSessions ?? 1,
    duplicates: input.duplicates ?? "last",
    missing: input.missing ?? DEFAULT_MISSING,
    setAsideLimit: input.setAsideLimit ?? 1000,
  };
  checkNames(spec, problems);
  checkMeasures(spec, problems);
  checkTime(spec, problems);
  checkLimits(spec, problems);
  for (const rule of spec.exclusions) collect(() => parseExpression(rule.keep));
  for (const { expression } of spec.covariates)
    if (expression !== undefined) collect(() => parseExpression(expression));
  if (problems.length > 0) throw new InputError(problems);
  return spec;
}

function resolveTime(input: string | Partial<TimeSpec>): TimeSpec {
  const given: Partial<TimeSpec> = typeof input === "string" ? { column: input } : input;
  const kind = given.kind ?? "number";
  const unit = given.unit ?? (kind === "date" ? "weeks" : "sessions");
  const ownName = kind === "number" && given.column !== undefined ? given.column : unit.replace(/s$/, "");
  const origin =
    given.origin ??
    (given.originColumn !== undefined ? "column" : kind === "date" ? "first-session" : "zero");
  return { ...given, name: given.name ?? ownName, kind, unit, origin };
}

function checkNames(spec: PrepSpec, problems: Problem[]): void {
  const owner = new Map<string, string>();
  for (const name of ["n_sessions", "last_time", ...OUTCOME_NAMES])
    owner.set(name, "a column that prep makes");
  for (const { name } of spec.measures)
    for (const part of ["first", "last", "change", "prorated"])
      owner.set(`${name}_${part}`, "a column that prep makes");
  const claim = (name: string, role: string): void => {
    if (!NAME.test(name))
      problems.push({
        code: "bad-name",
        where: `${role} "${name}"`,
        message: "The name cannot be used in a formula.",
        expected: "letters, digits and _, not starting with a digit",
        fix: "Give it such a name, and say which column it is with `column`.",
      });
    const other = owner.get(name);
    if (other !== undefined)
      problems.push({
        code: "name-taken",
        where: `${role} "${name}"`,
        message: `The name is already that of ${other}.`,
        fix: "Give one of them another name.",
      });
    owner.set(name, `${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`);
  };
  claim(spec.time.name, "time axis");
  for (const { name } of spec.measures) claim(name, "measure");
  for (const { name } of spec.covariates) claim(name, "covariate");
}

function checkMeasures(spec: PrepSpec, problems: Problem[]): void {
  if (spec.measures.length === 0 && problems.length === 0)
    problems.push({
      code: "no-measure",
      where: "measures",
      message: "No measure is given.",
      expected: "at least one, e.g. phq9",
    });
  for (const measure of spec.measures) checkMeasure(measure, spec.layout, problems);
}

function checkMeasure(measure: MeasureSpec, layout: PrepSpec["layout"], problems: Problem[]): void {
  const add = (code: string, message: string, fix: string): void => {
    problems.push({ code, where: `measure ${measure.name}`, message, fix });
  };
  const usesItems = measure.items !== undefined || measure.pattern?.includes("{item}") === true;
  if (usesItems && measure.itemMaximum === undefined)
    add("no-item-range", "The highest possible item score is not known.", "Give itemMaximum.");
  if (measure.items !== undefined && measure.column !== undefined)
    add("total-and-items", "Both a total (column) and items are given.", "Give one of the two.");
  if (measure.items?.length === 0) add("no-items", "The list of items is empty.", "Name the item columns.");
  if (layout === "long" && measure.pattern !== undefined)
    add(
      "pattern-in-long",
      "A pattern is for the wide layout.",
      "Set layout to wide, or give column in place of pattern.",
    );
  if (layout === "wide" && measure.pattern?.includes("{n}") !== true)
    add(
      "no-pattern",
      "In the wide layout a measure needs a pattern with {n} for the occasion.",
      `Give pattern, e.g. ${measure.name}_{n}.`,
    );
}

function checkTime({ time, layout }: PrepSpec, problems: Problem[]): void {
  const add = (code: string, message: string, fix: string): void => {
    problems.push({ code, where: "time", message, fix });
  };
  if (layout === "long" && time.kind !== "session" && time.column === undefined)
    add(
      "no-time-column",
      "The column of time is missing.",
      "Give column, or kind session to count sessions in order.",
    );
  if (layout === "long" && time.pattern !== undefined)
    add("pattern-in-long", "A pattern is for the wide layout.", "Give column in place of pattern.");
  if (layout === "wide" && time.column !== undefined)
    add(
      "column-in-wide",
      "In the wide layout time has one column per occasion.",
      "Give pattern, e.g. date_{n}, in place of column; leave both out to use the occasion number.",
    );
  if (layout === "wide" && time.kind === "date" && time.pattern === undefined)
    add("no-time-column", "The columns of dates are missing.", "Give pattern, e.g. date_{n}.");
  if (layout === "wide" && time.pattern !== undefined && !time.pattern.includes("{n}"))
    add("no-pattern", `The pattern ${time.pattern} has no {n}.`, "Write {n} for the occasion number.");
  if (time.origin === "column" && time.originColumn === undefined)
    add("no-origin-column", "The column of the origin is missing.", "Give originColumn.");
  if (time.originColumn !== undefined && time.origin !== "column")
    add(
      "two-origins",
      `The origin is ${time.origin}, yet originColumn is given.`,
      "Set origin to column, or leave originColumn out.",
    );
  if (time.kind === "date" && time.origin === "zero")
    add("date-from-zero", "A date has no zero.", "Set origin to first-session or column.");
  if (time.kind === "date" && time.unit === "sessions")
    add(
      "date-in-sessions",
      "Dates cannot be counted in sessions.",
      "Set unit to days, weeks, months or years; for sessions in order of date use kind session.",
    );
}

function checkLimits(spec: PrepSpec, problems: Problem[]): void {
  const whole: readonly (readonly [string, number | undefined])[] = [
    ["minimumSessions", spec.minimumSessions],
    ["maximumSession", spec.maximumSession],
  ];
  for (const [name, value] of whole)
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      problems.push({
        code: "bad-limit",
        where: name,
        message: `It is ${value}.`,
        expected: "a whole number of at least 1",
      });
  if (spec.maximumSession !== undefined && spec.minimumSessions > spec.maximumSession)
    problems.push({
      code: "bad-limit",
      where: "minimumSessions",
      message: `Nobody can have ${spec.minimumSessions} sessions when at most ${spec.maximumSession} are kept.`,
      expected: "a minimum not above maximumSession",
    });
  if (spec.maximumTime !== undefined && !Number.isFinite(spec.maximumTime))
    problems.push({
      code: "bad-limit",
      where: "maximumTime",
      message: `It is ${spec.maximumTime}.`,
      expected: "a number",
    });
  if (spec.episode === undefined && spec.episodes === "all")
    problems.push({
      code: "no-episode-column",
      where: "episodes",
      message: "All episodes are wanted, but no column says which episode a row belongs to.",
      fix: "Give episode, the name of that column.",
    });
}
