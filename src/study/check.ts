import { InputError, nearestName, type Problem } from "../core/errors.js";
import { parseConstraints } from "../models/constraints/parse.js";
import { refuseClassesByName } from "../models/constraints.js";
import { parseFormula } from "../models/formula.js";
import { KNOWN_MEASURES } from "../prep/measures.js";
import { resolvePrepSpec } from "../prep/spec.js";
import type { PrepSpec } from "../prep/types.js";
import { PREP_NAMES, type PrepSections, prepInput } from "./prepInput.js";
import type { StudyFile, TimeSection } from "./schema.js";
import { parseStarts, startsProblem } from "./starts.js";

type Path = readonly PropertyKey[];
type Sections = Partial<StudyFile>;

/** A mistake and the path at which it stands. */
export interface FoundProblem {
  readonly path: Path;
  readonly problem: Problem;
  /** The key is wrong, not its value. */
  readonly atKey?: boolean;
}

type Add = (path: Path, problem: Problem) => void;

/** Numbers of classes that are tried where the study does not say. */
export const DEFAULT_CLASSES: { readonly from: number; readonly to: number } = { from: 1, to: 5 };

/**
 * Checks that the parts of a study fit together: names that are referred to exist, settings do not
 * contradict each other. Sections that are missing or wrong in themselves are passed over.
 * @param study - the sections that are right in themselves
 * @returns every mistake, with its path
 */
export function checkStudy(study: Sections): FoundProblem[] {
  const found: FoundProblem[] = [];
  const add: Add = (path, problem) => {
    found.push({ path, problem });
  };
  const prep = checkPrep(study, add);
  const names = namesOf(study);
  checkMeasures(study, add);
  checkOutcome(study, add);
  checkModels(study, names, add);
  checkConstraints(study, add);
  checkEnumeration(study, add);
  checkInference(study, add);
  checkGrowth(study, names, add);
  checkPredictors(study, prep, add);
  return found;
}

/** Names that formulas may use. */
interface Names {
  readonly time: string;
  readonly covariates: readonly string[];
  readonly all: readonly string[];
}

/** The names that are there, unless the time axis is not known: then most formulas cannot be checked. */
function namesOf({ time: axis, covariates: given, measures }: Sections): Names | undefined {
  if (axis === undefined) return undefined;
  const time = timeNameOf(axis);
  if (time === undefined) return undefined;
  const covariates = Object.keys(given ?? {});
  return { time, covariates, all: [time, ...covariates, ...Object.keys(measures ?? {})] };
}

function timeNameOf(time: TimeSection): string | undefined {
  try {
    const data = { file: "-", id: "-" };
    return resolvePrepSpec(prepInput({ data, measures: { phq9: {} }, time }, "")).time.name;
  } catch (error) {
    if (error instanceof InputError) return time.name ?? time.column;
    throw error;
  }
}

/**
 * Lets `prep` check its own part. A section that is missing or wrong is stood in for, so that the
 * others are checked all the same.
 */
function checkPrep(study: Sections, add: Add): PrepSpec | undefined {
  const whole: PrepSections = {
    ...study,
    data: study.data ?? { file: "-", id: "-" },
    measures: study.measures ?? { phq9: {} },
    time: study.time ?? { kind: "session" },
  };
  try {
    return resolvePrepSpec(prepInput(whole, ""));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    for (const problem of error.problems) {
      const path = pathOfPrep(problem, whole);
      if (path[0] !== undefined && path[0] in study) add(path, inStudyTerms(problem, path));
    }
    return undefined;
  }
}

/** Where in the study file a problem stands that `prep` found. */
function pathOfPrep({ where = "" }: Problem, study: PrepSections): Path {
  const [, kind, name] = /^(measure|covariate|time axis) "?([^"]*?)"?$/.exec(where) ?? [];
  if (kind === "measure") return ["measures", name!];
  if (kind === "covariate") return ["covariates", name!];
  if (kind === "time axis" || where === "time") return ["time"];
  if (where === "episodes") return ["data", "episodes"];
  const key = [...PREP_NAMES].find(([, prepName]) => prepName === where)?.[0];
  if (key !== undefined) return key.split(".");
  const quoted = /"(.*)"/.exec(where)?.[1];
  const rule = study.exclusions?.findIndex(({ keep }) => keep === quoted) ?? -1;
  if (rule >= 0) return ["exclusions", rule, "keep"];
  const covariate = Object.entries(study.covariates ?? {}).find(
    ([, { expression }]) => expression === quoted,
  );
  return covariate === undefined ? ["data"] : ["covariates", covariate[0], "expression"];
}

/** The same problem in the words of the study file. */
function inStudyTerms(problem: Problem, path: Path): Problem {
  const words = (text: string): string => {
    let out = text;
    for (const [key, prepName] of PREP_NAMES) out = out.replaceAll(prepName, key);
    return out;
  };
  const near =
    problem.code === "unknown-range" ? nearestName(String(path.at(-1)), KNOWN_MEASURES.keys()) : undefined;
  const fix = near === undefined ? problem.fix : `Did you mean "${near}"?`;
  return {
    code: problem.code,
    message: words(problem.message),
    ...(problem.expected === undefined ? {} : { expected: words(problem.expected) }),
    ...(fix === undefined ? {} : { fix: words(fix) }),
  };
}

function checkMeasures({ measures }: Sections, add: Add): void {
  for (const [name, { caseness, caseness_above: above }] of Object.entries(measures ?? {}))
    if (caseness !== undefined && above !== undefined)
      add(["measures", name, "caseness_above"], {
        code: "two-cut-offs",
        message: "A cut-off for caseness is given twice.",
        expected: "either caseness (at or above it) or caseness_above",
      });
}

function checkOutcome({ measures, outcome }: Sections, add: Add): void {
  if (measures === undefined || outcome === undefined) return;
  if (!(outcome in measures))
    add(["outcome"], unknownName("unknown-measure", "measure", outcome, Object.keys(measures)));
}

function checkModels({ models }: Sections, names: Names | undefined, add: Add): void {
  if (models === undefined) return;
  if (Object.keys(models).length === 0)
    add(["models"], { code: "no-model", message: "No model is named.", expected: "at least one, e.g. GMM:" });
  for (const [name, model] of Object.entries(models))
    for (const key of ["fixed", "random", "class_specific", "membership"] as const)
      checkFormula(
        model[key],
        ["models", name, key],
        key === "membership" ? names?.covariates : names?.all,
        add,
      );
  for (const [name, model] of Object.entries(models))
    for (const key of ["occasion", "cluster"] as const)
      checkVariable(model[key], ["models", name, key], names, add);
}

/** Checks that a name is a variable of the study, where its variables are known. */
function checkVariable(name: string | undefined, path: Path, names: Names | undefined, add: Add): void {
  if (name !== undefined && names !== undefined && !names.all.includes(name))
    add(path, unknownName("unknown-variable", "variable", name, names.all));
}

/** Constraints that cannot be read, and those that mean one number of classes where several are tried. */
function checkConstraints({ models, enumeration }: Sections, add: Add): void {
  const { from, to } = enumeration?.classes ?? DEFAULT_CLASSES;
  const tried = enumeration?.structures ?? Object.keys(models ?? {});
  const fix = "Try one number of classes (enumeration: classes: 3), or write the constraint without a class.";
  for (const [name, { constraints = [], orders }] of Object.entries(models ?? {})) {
    const several = from < to && tried.includes(name);
    for (const [i, line] of constraints.entries())
      asProblems(["models", name, "constraints", i], add, fix, () =>
        several ? refuseClassesByName([{ name, spec: { constraints: [line] } }]) : parseConstraints([line]),
      );
    if (orders === undefined) continue;
    const path = ["models", name, "orders"];
    if (several) {
      const each = "Try one number of classes (enumeration: classes: 3), or leave orders out.";
      asProblems(path, add, each, () => refuseClassesByName([{ name, spec: { orders } }]));
    } else if (tried.includes(name) && orders.length !== from)
      add(path, {
        code: "bad-orders",
        message: `There are ${orders.length} orders for ${from} classes.`,
        expected: "one order per class",
      });
  }
}

/** Puts what the models refuse at a path of the study file. */
function asProblems(path: Path, add: Add, fix: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    for (const { where: _, ...problem } of error.problems)
      add(path, problem.code === "constraint-names-class" ? { ...problem, fix } : problem);
  }
}

function checkInference({ inference }: Sections, add: Add): void {
  if (inference?.bootstrap_kind !== undefined && (inference.bootstrap ?? 0) === 0)
    add(["inference", "bootstrap_kind"], {
      code: "no-bootstrap",
      message: "It says how samples are drawn, but not how many.",
      fix: "Add the key bootstrap, e.g. bootstrap: 500.",
    });
}

/** Checks the syntax of a formula and, where they are known, the names it uses. */
function checkFormula(
  formula: string | undefined,
  path: Path,
  names: readonly string[] | undefined,
  add: Add,
): void {
  if (formula === undefined) return;
  try {
    for (const symbol of parseFormula(formula).symbols)
      if (names !== undefined && !names.includes(symbol))
        add(path, unknownName("unknown-variable", "variable", symbol, names));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    for (const { where, message, ...rest } of error.problems)
      add(path, { ...rest, message: where === undefined ? message : `${message} (${where})` });
  }
}

function checkEnumeration({ enumeration, models }: Sections, add: Add): void {
  if (enumeration === undefined) return;
  const { classes, structures, starts, choose } = enumeration;
  const at = (...path: Path): Path => ["enumeration", ...path];
  if (classes !== undefined && classes.from > classes.to)
    add(at("classes"), {
      code: "empty-range",
      message: `The range is ${classes.from} to ${classes.to}.`,
      expected: "an upper end that is not below the lower",
    });
  const numbers = starts === undefined ? undefined : parseStarts(starts);
  const problem = numbers === undefined ? undefined : startsProblem(numbers);
  if (problem !== undefined) add(at("starts"), problem);
  if (models === undefined) return;
  const names = Object.keys(models);
  for (const [i, name] of (structures ?? []).entries())
    if (!names.includes(name)) add(at("structures", i), unknownName("unknown-model", "model", name, names));
  if (choose === undefined) return;
  const tried = structures ?? names;
  if (!tried.includes(choose.model))
    add(at("choose", "model"), unknownName("unknown-model", "model", choose.model, tried));
  const range = classes ?? DEFAULT_CLASSES;
  if (choose.classes < range.from || choose.classes > range.to)
    add(at("choose", "classes"), {
      code: "class-not-tried",
      message: `${choose.classes} classes are not among those tried.`,
      expected: `a number from ${range.from} to ${range.to}`,
    });
}

function checkGrowth({ growth }: Sections, names: Names | undefined, add: Add): void {
  if (growth === undefined) return;
  for (const [i, covariate] of growth.covariates.entries())
    checkFormula(covariate, ["growth", "covariates", i], names?.covariates, add);
  for (const [i, term] of (growth.by ?? []).entries())
    checkFormula(term, ["growth", "by", i], names === undefined ? undefined : [names.time], add);
  for (const key of ["occasion", "cluster"] as const) checkVariable(growth[key], ["growth", key], names, add);
  if (growth.reml === true && growth.cluster !== undefined)
    add(["growth", "cluster"], {
      code: "reml-cluster",
      message: "REML has no share of the likelihood per person, so there are no robust errors for clusters.",
      fix: "Leave out cluster, or reml.",
    });
  checkFormula(growth.fixed, ["growth", "fixed"], names?.all, add);
  checkFormula(growth.random, ["growth", "random"], names?.all, add);
}

function checkPredictors(
  { predictors, covariates, measures }: Sections,
  prep: PrepSpec | undefined,
  add: Add,
): void {
  if (predictors === undefined) return;
  const names = Object.keys(covariates ?? {});
  checkFormula(predictors.formula, ["predictors", "formula"], names, add);
  checkFormula(predictors.outcome_formula, ["predictors", "outcome_formula"], names, add);
  if (measures === undefined || prep === undefined) return;
  const reliable = prep.measures.some((measure) => measure.reliableChange !== null);
  for (const [i, outcome] of (predictors.outcomes ?? []).entries())
    if (outcome.includes("reliable") && !reliable)
      add(["predictors", "outcomes", i], {
        code: "no-reliable-change",
        message: `${outcome} needs a measure with a known reliable change.`,
        expected: "the key reliable_change in a measure",
      });
}

function unknownName(code: string, kind: string, name: string, known: readonly string[]): Problem {
  const near = nearestName(name, known);
  return {
    code,
    message: `There is no ${kind} "${name}".`,
    expected: known.length === 0 ? `a ${kind} of the study (it has none)` : `one of ${known.join(", ")}`,
    ...(near === undefined ? {} : { fix: `Did you mean "${near}"?` }),
  };
}
