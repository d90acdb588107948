import { InputError, type Problem, unknownKeys } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { refuseClassesByName } from "./constraints.js";
import { assembleResult } from "./fitModel/assemble.js";
import type { FitContext } from "./fitModel.js";
import type { Progress } from "./jobs/job.js";
import { createLocalRunner } from "./localRunner.js";
import type { FitRequest, SmallerFit } from "./multistart/types.js";
import { searchAll } from "./multistart.js";
import { buildProblem, type Problem as ModelProblem, shapeOf } from "./problem.js";
import type { EnumerationResult, EnumerationRow, FitResult, SelectionRule } from "./result.js";
import {
  type FitOptions,
  familyOf,
  type ModelSpec,
  type ModelSpecInput,
  resolveFitOptions,
  resolveSpec,
} from "./spec.js";

/** One structure to try with several numbers of classes. */
export interface EnumerationStructure {
  /** Name in tables, e.g. `GMM`. */
  readonly name: string;
  /** The model; its number of classes is ignored. */
  readonly spec: ModelSpecInput;
}

/** What to enumerate. */
export interface EnumerationSpec {
  readonly structures: readonly EnumerationStructure[];
  readonly classes: { readonly from: number; readonly to: number };
  readonly rule?: Partial<SelectionRule>;
}

/** Default rule: lowest BIC among models whose smallest class holds 5% and whose best value was replicated. */
export const DEFAULT_SELECTION_RULE: SelectionRule = {
  criterion: "bic",
  minimumClassProportion: 0.05,
  minimumEntropy: 0,
  requireReplication: true,
};

/** Options of {@link enumerate} beside those of a fit. */
export interface EnumerationContext {
  readonly known?: KnownFits;
  /** Called with each fit as soon as it is made, e.g. to keep it. */
  readonly onFit?: (key: string, fit: FitResult) => void;
}

/** Fits finished earlier, by {@link enumerationKey}; they are not fitted again. */
export type KnownFits = ReadonlyMap<string, FitResult>;

/**
 * Name of one model of an enumeration, for caches.
 * @param structure - structure name
 * @param classes - number of classes
 * @returns the key
 */
export function enumerationKey(structure: string, classes: number): string {
  return `${structure}/${classes}`;
}

/**
 * Fits every structure with every number of classes, the starts of one number of classes as one pool of independent jobs, and
 * chooses by the rule.
 * @param table - long table
 * @param enumeration - structures, range of classes, rule
 * @param optionsInput - starts, seed, limits; where to run; fits already known
 * @returns all fits, their comparison, the choice; when cancelled, what was finished (possibly nothing)
 * @throws InputError for a range, rule or structure that cannot be used
 */
export async function enumerate(
  table: LongTable,
  enumeration: EnumerationSpec,
  optionsInput: Partial<FitOptions> & FitContext & EnumerationContext = {},
): Promise<EnumerationResult> {
  const { runner, signal, onProgress, known, onFit, ...rest } = optionsInput;
  const options = resolveFitOptions(rest);
  const rule = { ...DEFAULT_SELECTION_RULE, ...enumeration.rule };
  checkRange(enumeration);
  checkRule(rule);
  if (enumeration.classes.from < enumeration.classes.to) refuseClassesByName(enumeration.structures);
  const order = enumeration.structures.flatMap(({ name }) =>
    classCounts(enumeration).map((classes) => enumerationKey(name, classes)),
  );
  const fits = new Map([...(known ?? [])].filter(([key]) => order.includes(key)));
  const problems = new Map<string, ModelProblem>();
  const jobRunner = runner ?? createLocalRunner();
  // One number of classes at a time, all structures together: what is finished stays when the rest is cancelled.
  for (const classes of classCounts(enumeration)) {
    if (signal?.aborted) break;
    const started = performance.now();
    const requests: (FitRequest & { spec: ModelSpec; key: string })[] = [];
    for (const structure of enumeration.structures) {
      const key = enumerationKey(structure.name, classes);
      if (fits.has(key)) continue;
      const base = resolveSpec({ ...structure.spec, classes: enumeration.classes.to });
      const spec = { ...base, classes };
      const problem = problems.get(structure.name) ?? buildProblem(table, base);
      problems.set(structure.name, problem);
      const label = `${structure.name}, ${classes} ${classes === 1 ? "class" : "classes"}`;
      const fewer = fits.get(enumerationKey(structure.name, classes - 1));
      const previous = fewer === undefined ? {} : { previous: smallerFit(problem, fewer) };
      requests.push({ problem, shape: shapeOf(problem, spec), options, label, spec, key, ...previous });
    }
    const words = `${classes} ${classes === 1 ? "class" : "classes"} (of ${enumeration.classes.to})`;
    const searches = await searchAll(requests, {
      runner: jobRunner,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined
        ? {}
        : { onProgress: (p: Progress) => onProgress({ ...p, stage: `${words}: ${p.stage}` }) }),
    });
    const seconds = (performance.now() - started) / 1000;
    searches.forEach((search, r) => {
      const { problem, spec, key } = requests[r]!;
      if (search === undefined) return;
      const made = assembleResult(table, problem, spec, options, search, seconds);
      fits.set(key, made);
      onFit?.(key, made);
    });
  }
  const entries = order.flatMap((key) => {
    const result = fits.get(key);
    return result === undefined ? [] : [{ structure: key.slice(0, key.lastIndexOf("/")), fit: result }];
  });
  return compareFits(entries, rule);
}

/** The fit with one class fewer, as the search for the next wants it. */
function smallerFit(problem: ModelProblem, fewer: FitResult): SmallerFit {
  const unbounded = fewer.convergence.verdicts.some(({ name }) => name === "likelihood unbounded");
  const shift = problem.data.moments.nObservations * Math.log(problem.design.stored.scaling.outcomeSd);
  return { x: fewer.internal, logLikelihood: unbounded ? null : fewer.logLikelihood + shift };
}

function classCounts({ classes }: EnumerationSpec): number[] {
  return Array.from({ length: classes.to - classes.from + 1 }, (_, c) => classes.from + c);
}

function checkRange(enumeration: EnumerationSpec): void {
  const { structures, classes } = enumeration;
  const unknown = [
    ...unknownKeys(enumeration, ["structures", "classes", "rule"], "enumeration"),
    ...unknownKeys(enumeration.rule ?? {}, Object.keys(DEFAULT_SELECTION_RULE), "enumeration: rule"),
  ];
  if (unknown.length > 0) throw new InputError(unknown);
  if (
    !(
      Number.isInteger(classes.from) &&
      Number.isInteger(classes.to) &&
      1 <= classes.from &&
      classes.from <= classes.to
    )
  )
    throw new InputError({
      code: "bad-class-range",
      message: `classes run from ${classes.from} to ${classes.to}.`,
      expected: "whole numbers with 1 <= from <= to",
    });
  const names = structures.map((structure) => structure.name);
  if (names.length === 0 || new Set(names).size < names.length)
    throw new InputError({
      code: "bad-structures",
      message: names.length === 0 ? "There is no structure to fit." : "Two structures have the same name.",
      expected: "at least one structure, each with its own name",
    });
}

function checkRule(rule: SelectionRule): void {
  const problems: Problem[] = [];
  if (!Object.hasOwn(CRITERION_NAMES, rule.criterion))
    problems.push({
      code: "bad-rule",
      message: `The criterion is "${rule.criterion}".`,
      expected: `one of ${Object.keys(CRITERION_NAMES).join(", ")}`,
    });
  for (const name of ["minimumClassProportion", "minimumEntropy"] as const)
    if (!(rule[name] >= 0 && rule[name] <= 1))
      problems.push({
        code: "bad-rule",
        message: `${name} is ${rule[name]}.`,
        expected: "a share from 0 to 1",
      });
  if (problems.length > 0) throw new InputError(problems);
}

/**
 * Compares fits and chooses one by the rule.
 * @param entries - fits with the names of their structures
 * @param rule - how to choose
 * @returns the comparison; no choice when no model is eligible
 */
export function compareFits(
  entries: readonly { readonly structure: string; readonly fit: FitResult }[],
  rule: SelectionRule,
): EnumerationResult {
  const rows: EnumerationRow[] = entries.map(({ structure, fit }) => {
    const proportions = fit.classes.map((c) => c.proportion);
    const assigned = fit.classes.map((c) => c.assigned);
    return {
      structure,
      family: familyOf(fit.model, fit.design.nRandom),
      classes: fit.model.classes,
      logLikelihood: fit.logLikelihood,
      nParameters: fit.nParameters,
      criteria: fit.criteria,
      smallestProportion: Math.min(...proportions),
      smallestAssigned: Math.min(...assigned),
      replicatedBest: fit.starts?.replicatedBest ?? null,
      finalists: fit.starts?.finalists ?? null,
      verdict: fit.convergence.verdicts[0]!.name,
      excludedBecause: exclusions(fit, rule),
      chosen: false,
    };
  });
  let chosen: number | null = null;
  rows.forEach((row, index) => {
    if (row.excludedBecause.length > 0) return;
    if (chosen === null || row.criteria[rule.criterion] < rows[chosen]!.criteria[rule.criterion])
      chosen = index;
  });
  return {
    rows: rows.map((row, index) => ({ ...row, chosen: index === chosen })),
    rule,
    explanation: explain(rows, rule, chosen),
    chosen,
    fits: entries.map((entry) => entry.fit),
  };
}

function exclusions(fit: FitResult, rule: SelectionRule): string[] {
  const reasons: string[] = [];
  const smallest = Math.min(...fit.classes.map((c) => c.proportion));
  if (!fit.convergence.converged) reasons.push(fit.convergence.verdicts[0]!.name);
  for (const { name } of fit.convergence.verdicts)
    if ((name === "class vanished" || name === "not identified") && !reasons.includes(name))
      reasons.push(name);
  if (smallest < rule.minimumClassProportion)
    reasons.push(`smallest class ${(100 * smallest).toFixed(1)}% < ${percent(rule.minimumClassProportion)}`);
  if (fit.criteria.entropy !== null && fit.criteria.entropy < rule.minimumEntropy)
    reasons.push(`entropy ${fit.criteria.entropy.toFixed(2)} < ${rule.minimumEntropy}`);
  if (rule.requireReplication && fit.starts !== null && fit.starts.replicatedBest < 2)
    reasons.push("best value not replicated");
  return reasons;
}

/** 0.07 as 7%, not 7.000000000000001%. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))}%`;
}

const CRITERION_NAMES: Record<SelectionRule["criterion"], string> = {
  aic: "AIC",
  bic: "BIC",
  sabic: "sample-size adjusted BIC",
  caic: "CAIC",
  awe: "AWE",
  iclBic: "ICL-BIC",
};

function explain(rows: readonly EnumerationRow[], rule: SelectionRule, chosen: number | null): string {
  const conditions = [
    `whose smallest class holds at least ${percent(rule.minimumClassProportion)} of the people`,
  ];
  if (rule.minimumEntropy > 0) conditions.push(`with an entropy of at least ${rule.minimumEntropy}`);
  if (rule.requireReplication)
    conditions.push("whose best log-likelihood was reached by at least two starts");
  const stated = `Rule: the lowest ${CRITERION_NAMES[rule.criterion]} among the converged models ${conditions.join(" and ")}.`;
  if (chosen === null) return `${stated} No model met it.`;
  const row = rows[chosen]!;
  const classes = row.classes === 1 ? "1 class" : `${row.classes} classes`;
  const passedOver = rows.filter(
    (other) =>
      other.excludedBecause.length > 0 && other.criteria[rule.criterion] < row.criteria[rule.criterion],
  );
  const better =
    passedOver.length === 0
      ? ""
      : ` Passed over although lower: ${passedOver
          .map((other) => `${other.structure} with ${other.classes} (${other.excludedBecause.join("; ")})`)
          .join(", ")}.`;
  const atLimit = row.classes === Math.max(...rows.map((other) => other.classes)) && rows.length > 1;
  const limit = atLimit
    ? " This is the largest number of classes tried, so more classes might be chosen if they were allowed."
    : "";
  return `${stated} It chose ${row.structure} with ${classes}.${better}${limit}`;
}
