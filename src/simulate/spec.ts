import { InputError, nearestName, type Problem } from "../core/errors.js";
import {
  COVARIATES,
  type CovariateEffects,
  type GrowthEffects,
  type MeasureVariation,
  type SimulatedClass,
  type Variation,
} from "./population.js";
import { PRESETS, type Preset } from "./presets.js";

/** Everything that makes a simulated cohort. Plain JSON; every default is filled by {@link resolveSimulation}. */
export interface SimulationSpec {
  /** Any number from 1; memory does not depend on it. */
  readonly nPersons: number;
  readonly seed: number;
  /** How far apart the classes are: the preset that unnamed settings come from. */
  readonly separation: Separation;
  readonly classes: readonly SimulatedClass[];
  readonly variation: Variation;
  readonly effects: CovariateEffects;
  readonly sessions: {
    /** Fewest appointments; also, nobody drops out before having attended as many. */
    readonly minimum: number;
    /** Mean number of planned appointments before `maximum` cuts them. */
    readonly mean: number;
    readonly maximum: number;
  };
  /** Probability that an appointment after the first is missed (no row; its session number is skipped). */
  readonly missedShare: number;
  /** Mean and SD of the weeks between appointments (gamma, in whole days, at least one). */
  readonly weeksBetween: { readonly mean: number; readonly sd: number };
  /**
   * After each attended session treatment ends with probability logistic(logit(rate) + strength (score - 10)), score being the
   * PHQ-9 just observed: missing at random.
   */
  readonly dropout: {
    /** Probability per session at a PHQ-9 score of 10. */
    readonly rate: number;
    /** Log odds per point of the last observed PHQ-9. */
    readonly strength: number;
  };
  /** Whole scores within 0-27 and 0-21. False: the model's own real numbers, for checks of coverage. */
  readonly rounding: boolean;
  /** Sessions a week apart, none missed, so that time is 0, 1, 2, … for everybody. */
  readonly regular: boolean;
  /** Share of rows (and, for missing covariates, of persons) that get mess in the file; see `DirtCounts`. */
  readonly dirty: number;
}

/** How far apart the classes of a preset are. */
export type Separation = "well-separated" | "realistic" | "overlapping";

/** What a caller may give: anything of the specification, nested fields one by one. */
export interface SimulationInput {
  readonly nPersons?: number;
  readonly seed?: number;
  readonly separation?: Separation;
  readonly classes?: readonly SimulatedClass[];
  readonly variation?: Partial<Omit<Variation, "phq9" | "gad7">> & {
    readonly phq9?: Partial<MeasureVariation>;
    readonly gad7?: Partial<MeasureVariation>;
  };
  readonly effects?: {
    readonly class?: CovariateEffects["class"];
    readonly phq9?: Partial<GrowthEffects>;
    readonly gad7?: Partial<GrowthEffects>;
  };
  readonly sessions?: Partial<SimulationSpec["sessions"]>;
  readonly missedShare?: number;
  readonly weeksBetween?: Partial<SimulationSpec["weeksBetween"]>;
  readonly dropout?: Partial<SimulationSpec["dropout"]>;
  readonly rounding?: boolean;
  readonly regular?: boolean;
  readonly dirty?: number;
}

/**
 * Fills the defaults of a simulation and checks it, reporting every mistake at once.
 *
 * Own classes come without the preset's covariate effects on class, which belong to the preset's classes.
 * @param input - whatever differs from 1000 persons of the `realistic` preset with seed 1
 * @returns the complete specification
 * @throws InputError listing every value that is not allowed
 */
export function resolveSimulation(input: SimulationInput = {}): SimulationSpec {
  const separation = input.separation ?? "realistic";
  const preset = Object.hasOwn(PRESETS, separation) ? PRESETS[separation] : undefined;
  if (preset === undefined)
    throw new InputError({
      code: "bad-choice",
      message: `separation is "${separation}".`,
      expected: `one of ${Object.keys(PRESETS).join(", ")}`,
      ...suggestion(separation, Object.keys(PRESETS)),
    });
  const spec = fillDefaults(input, separation, preset);
  const problems = findProblems(spec);
  if (problems.length > 0) throw new InputError(problems);
  return spec;
}

function fillDefaults(input: SimulationInput, separation: Separation, preset: Preset): SimulationSpec {
  const { variation, effects } = preset;
  return {
    nPersons: input.nPersons ?? 1000,
    seed: input.seed ?? 1,
    separation,
    classes: input.classes ?? preset.classes,
    variation: {
      ...variation,
      ...input.variation,
      phq9: { ...variation.phq9, ...input.variation?.phq9 },
      gad7: { ...variation.gad7, ...input.variation?.gad7 },
    },
    effects: {
      class: input.effects?.class ?? (input.classes === undefined ? effects.class : {}),
      phq9: { ...effects.phq9, ...input.effects?.phq9 },
      gad7: { ...effects.gad7, ...input.effects?.gad7 },
    },
    sessions: fillSessions(input.sessions),
    missedShare: input.missedShare ?? 0.08,
    weeksBetween: { mean: 1.35, sd: 0.7, ...input.weeksBetween },
    dropout: { rate: 0.03, strength: 0.06, ...input.dropout },
    rounding: input.rounding ?? true,
    regular: input.regular ?? false,
    dirty: input.dirty ?? 0,
  };
}

/** The usual limits and mean, moved to fit the ones that were given. */
function fillSessions(input: SimulationInput["sessions"]): SimulationSpec["sessions"] {
  const minimum = input?.minimum ?? 1;
  const maximum = input?.maximum ?? Math.max(16, minimum, Math.ceil(1.75 * (input?.mean ?? 0)));
  return { minimum, mean: input?.mean ?? Math.min(Math.max(9, minimum), maximum), maximum };
}

function findProblems(spec: SimulationSpec): Problem[] {
  const problems: Problem[] = [];
  const check = (where: string, value: unknown, holds: boolean, expected: string): void => {
    if (!holds) problems.push({ code: "bad-option", message: `${where} is ${String(value)}.`, expected });
  };
  const whole = (where: string, value: number, least: number): void =>
    check(where, value, Number.isSafeInteger(value) && value >= least, `a whole number of at least ${least}`);
  const between = (where: string, value: number, low: number, high: number): void =>
    check(where, value, value >= low && value <= high, `a number from ${low} to ${high}`);
  const atLeast = (where: string, value: number, low: number): void =>
    check(where, value, value >= low && Number.isFinite(value), `a number of at least ${low}`);
  const finite = (where: string, value: number): void =>
    check(where, value, Number.isFinite(value), "a number");

  whole("nPersons", spec.nPersons, 1);
  check("seed", spec.seed, Number.isSafeInteger(spec.seed), "a whole number");
  const { minimum, mean, maximum } = spec.sessions;
  whole("sessions.minimum", minimum, 1);
  check(
    "sessions.maximum",
    maximum,
    Number.isInteger(maximum) && maximum <= 1000 && !(maximum < minimum),
    "a whole number from sessions.minimum to 1000",
  );
  check(
    "sessions.mean",
    mean,
    Number.isFinite(mean) && !(mean < minimum) && !(mean > maximum),
    "a number from sessions.minimum to sessions.maximum",
  );
  between("missedShare", spec.missedShare, 0, 0.99);
  check("weeksBetween.mean", spec.weeksBetween.mean, spec.weeksBetween.mean > 0, "a number above 0");
  atLeast("weeksBetween.sd", spec.weeksBetween.sd, 0);
  between("dropout.rate", spec.dropout.rate, 0, 1);
  finite("dropout.strength", spec.dropout.strength);
  between("dirty", spec.dirty, 0, 1);
  for (const measure of ["phq9", "gad7"] as const) {
    for (const [name, value] of Object.entries(spec.variation[measure]))
      atLeast(`variation.${measure}.${name}`, value as number, 0);
    for (const part of ["intercept", "slope"] as const)
      for (const [name, value] of Object.entries(spec.effects[measure][part])) {
        checkCovariate(problems, `effects.${measure}.${part}`, name);
        finite(`effects.${measure}.${part}.${name}`, value as number);
      }
  }
  for (const name of ["interceptSlopeCorrelation", "betweenMeasures", "residualCorrelation"] as const)
    between(`variation.${name}`, spec.variation[name], -1, 1);
  checkClasses(spec, problems, finite);
  return problems;
}

function checkClasses(
  spec: SimulationSpec,
  problems: Problem[],
  finite: (where: string, value: number) => void,
): void {
  const { classes } = spec;
  const sum = classes.reduce((total, each) => total + each.proportion, 0);
  if (classes.length === 0 || !classes.every((each) => each.proportion > 0) || Math.abs(sum - 1) > 1e-6)
    problems.push({
      code: "bad-option",
      message: `The class proportions are ${classes.map((each) => each.proportion).join(", ") || "none"}.`,
      expected: "one or more numbers above 0 that sum to 1",
    });
  for (const [k, each] of classes.entries())
    for (const measure of ["phq9", "gad7"] as const)
      for (const part of ["intercept", "slope", "curvature"] as const)
        finite(`classes[${k}].${measure}.${part}`, each[measure][part]);
  for (const [name, logOdds] of Object.entries(spec.effects.class)) {
    checkCovariate(problems, "effects.class", name);
    if (logOdds.length !== classes.length || logOdds[0] !== 0 || !logOdds.every(Number.isFinite))
      problems.push({
        code: "bad-option",
        message: `effects.class.${name} is [${logOdds.join(", ")}].`,
        expected: `${classes.length} numbers, one per class, the first 0 (it is the reference)`,
      });
  }
}

function checkCovariate(problems: Problem[], where: string, name: string): void {
  if ((COVARIATES as readonly string[]).includes(name)) return;
  problems.push({
    code: "unknown-covariate",
    message: `${where} names ${name}, which is not simulated.`,
    expected: `one of ${COVARIATES.join(", ")}`,
    ...suggestion(name, COVARIATES),
  });
}

function suggestion(name: string, known: readonly string[]): { readonly fix?: string } {
  const nearest = nearestName(name, known);
  return nearest === undefined ? {} : { fix: `Did you mean ${nearest}?` };
}
