// Conditions of the coverage study: how scores come about, and the model that is fitted to them.
import { type LongTable, type ModelSpecInput, tableFromArrays } from "symptom-trajectories/models";
import type { RandomStream } from "symptom-trajectories/simulate";

/** Residuals of a person's sessions, given the session numbers. */
type ResidualDraw = (stream: RandomStream, k: number, times: readonly number[]) => number[];

/** How the scores of one latent class come about. */
interface ClassTruth {
  /** Intercept, slope, curvature. */
  readonly mean: readonly number[];
  /** Lower factor of the covariance of intercept and slope: sd of the intercept, loading and rest of the slope. */
  readonly factor: readonly [number, number, number];
}

/** One condition of the study. */
export interface CoverageCase {
  readonly name: string;
  readonly persons: number;
  readonly spec: ModelSpecInput;
  /** Also look at profile-likelihood intervals of the variances. */
  readonly profile?: boolean;
  readonly starts: { readonly startsInitial: number; readonly startsFinal: number };
  /** True value by parameter name, with `@class` where classes differ; null: that of a fit to very many people. */
  readonly truth: Readonly<Record<string, number>> | null;
  readonly draw: (stream: RandomStream, persons: number) => LongTable;
}

const independent =
  (sd: readonly number[]): ResidualDraw =>
  (stream, k, times) =>
    times.map(() => sd[Math.min(k, sd.length - 1)]! * stream.normal());

const autocorrelated =
  (sd: number, rho: number): ResidualDraw =>
  (stream, _, times) => {
    let before = 0;
    return times.map((t, j) => {
      const phi = j === 0 ? 0 : rho ** (t - times[j - 1]!);
      before = phi * before + Math.sqrt(1 - phi * phi) * stream.normal();
      return sd * before;
    });
  };

const byOccasion =
  (sd: readonly number[]): ResidualDraw =>
  (stream, _, times) =>
    times.map((t) => sd[t]! * stream.normal());

/** Gamma noise of mean 0: skewness 2 / sqrt(shape), as the residuals of PHQ-9 scores near the floor have. */
const skewed =
  (sd: number, shape: number): ResidualDraw =>
  (stream, _, times) =>
    times.map(() => (sd * (stream.gamma(shape) - shape)) / Math.sqrt(shape));

interface Design {
  readonly classes: readonly ClassTruth[];
  /** Log odds of each class but the last at x = 0, and their slopes in x. */
  readonly logits?: readonly (readonly [number, number])[];
  readonly residual: ResidualDraw;
  readonly sessions: { readonly fewest: number; readonly most: number };
  /** Sessions one to three weeks apart, not every week. */
  readonly irregular?: boolean;
  /** Time as the basis sees it; default: as it is. */
  readonly basis?: (t: number) => number;
  /** Whole scores from 0 to 27. */
  readonly bounded?: boolean;
}

/** Draws a cohort: class by the covariate x, random effects, then scores; people leave at random after `fewest` sessions. */
function drawCohort(design: Design, stream: RandomStream, persons: number): LongTable {
  const ids: number[] = [];
  const time: number[] = [];
  const score: number[] = [];
  const x: number[] = [];
  const logits = design.logits ?? [];
  for (let i = 0; i < persons; i++) {
    const covariate = stream.normal();
    const odds = logits.map(([a, b]) => Math.exp(a + b * covariate));
    const k = logits.length === 0 ? 0 : stream.categorical([...odds, 1]);
    const { mean, factor } = design.classes[k]!;
    const z = [stream.normal(), stream.normal()];
    const intercept = mean[0]! + factor[0] * z[0]!;
    const slope = mean[1]! + factor[1] * z[0]! + factor[2] * z[1]!;
    const { fewest, most } = design.sessions;
    const n = fewest + stream.integer(most - fewest + 1);
    const times: number[] = [];
    for (let j = 0; j < n; j++)
      times.push(j === 0 ? 0 : times[j - 1]! + (design.irregular ? 1 + 2 * stream.uniform() : 1));
    const residuals = design.residual(stream, k, times);
    times.forEach((t, j) => {
      const b = design.basis?.(t) ?? t;
      const value = intercept + slope * b + (mean[2] ?? 0) * t * t + residuals[j]!;
      ids.push(i);
      time.push(t);
      score.push(design.bounded ? Math.min(27, Math.max(0, Math.round(value))) : value);
      x.push(covariate);
    });
  }
  return tableFromArrays(ids, { time, score, x });
}

/** Truth of D from its factor. */
function covarianceTruth([a, b, c]: readonly [number, number, number], label = ""): Record<string, number> {
  return {
    [`var((Intercept))${label}`]: a * a,
    [`cov((Intercept),time)${label}`]: a * b,
    [`var(time)${label}`]: b * b + c * c,
  };
}

function meanTruth(classes: readonly ClassTruth[]): Record<string, number> {
  const names = ["(Intercept)", "time", "time^2"];
  return Object.fromEntries(
    classes.flatMap(({ mean }, k) =>
      mean.map((value, j) => [classes.length > 1 ? `${names[j]}@${k + 1}` : names[j]!, value]),
    ),
  );
}

const ONE = { startsInitial: 1, startsFinal: 1 };
const FEW = { startsInitial: 20, startsFinal: 4 };
// Values well away from zero, so that a bias relative to them means something.
const GROWTH: ClassTruth = { mean: [16, -1, 0.06], factor: [4, -0.3, 0.5] };
const LINEAR: ClassTruth = { mean: [16, -0.8], factor: [4, -0.3, 0.5] };
const QUADRATIC = { outcome: "score", time: "time", fixed: "1 + time + time^2", random: "1 + time" } as const;
const STRAIGHT = { outcome: "score", time: "time", fixed: "1 + time", random: "1 + time" } as const;
const WEEKLY = { fewest: 5, most: 10 };
const SIX = { fewest: 4, most: 6 };
const SD_BY_OCCASION = [3.4, 2.9, 2.6, 2.4, 2.8, 3.1];
const LOADINGS = [0, 0.35, 0.6, 0.8, 0.92, 1];
const THREE: readonly ClassTruth[] = [
  { mean: [10, -0.7], factor: [2, -0.2, 0.2] },
  { mean: [18, -1.3], factor: [2, -0.2, 0.2] },
  { mean: [18, -0.3], factor: [2, -0.2, 0.2] },
];
const LOGITS: readonly (readonly [number, number])[] = [
  [-0.6, -0.6],
  [0.5, 0.4],
];
const LOGIT_TRUTH = {
  "membership (Intercept)@1": -0.6,
  "membership x@1": -0.6,
  "membership (Intercept)@2": 0.5,
  "membership x@2": 0.4,
};
const STILL: readonly ClassTruth[] = [
  { mean: [8, -0.7], factor: [0, 0, 0] },
  { mean: [15, -0.4], factor: [0, 0, 0] },
];
const OWN_SPREAD: readonly ClassTruth[] = [
  { mean: [9, -0.9], factor: [1.5, -0.2, 0.3] },
  { mean: [19, -0.5], factor: [3, -0.4, 0.6] },
];

function oneClass(
  name: string,
  persons: number,
  spec: ModelSpecInput,
  design: Omit<Design, "classes">,
  truth: Readonly<Record<string, number>>,
): CoverageCase {
  const curve = spec.fixed === QUADRATIC.fixed ? GROWTH : LINEAR;
  return {
    name,
    persons,
    spec,
    starts: ONE,
    truth: { ...meanTruth([curve]), ...covarianceTruth(curve.factor), ...truth },
    draw: (stream, n) => drawCohort({ ...design, classes: [curve] }, stream, n),
  };
}

/** Three overlapping classes whose membership depends on a covariate. */
function threeClasses(persons: number): CoverageCase {
  return {
    name: "growth mixture of 3 classes with a predictor",
    persons,
    profile: true,
    spec: { ...STRAIGHT, classes: 3, membership: "x" },
    starts: FEW,
    truth: {
      ...meanTruth(THREE),
      ...covarianceTruth(THREE[0]!.factor),
      "residual sd": 2,
      ...LOGIT_TRUTH,
    },
    draw: (stream, n) =>
      drawCohort({ classes: THREE, logits: LOGITS, residual: independent([2]), sessions: WEEKLY }, stream, n),
  };
}

/** Every condition. */
export const COVERAGE_CASES: readonly CoverageCase[] = [
  oneClass(
    "growth curve",
    300,
    QUADRATIC,
    { residual: independent([2.7]), sessions: WEEKLY },
    { "residual sd": 2.7 },
  ),
  {
    ...oneClass(
      "growth curve of few people, REML",
      30,
      { ...QUADRATIC, reml: true },
      { residual: independent([2.7]), sessions: WEEKLY },
      { "residual sd": 2.7 },
    ),
    profile: true,
  },
  oneClass(
    "residual variance by occasion",
    400,
    { ...STRAIGHT, residual: "occasion" },
    { residual: byOccasion(SD_BY_OCCASION), sessions: SIX },
    Object.fromEntries(SD_BY_OCCASION.map((sd, o) => [`residual sd[${o}]`, sd])),
  ),
  oneClass(
    "AR(1) residuals",
    400,
    { ...STRAIGHT, residual: "ar1" },
    { residual: autocorrelated(2.7, 0.3), sessions: WEEKLY },
    { "residual sd": 2.7, autocorrelation: 0.3 },
  ),
  oneClass(
    "continuous-time AR(1) residuals, irregular weeks",
    400,
    { ...STRAIGHT, residual: "car1" },
    { residual: autocorrelated(2.7, 0.5), sessions: WEEKLY, irregular: true },
    { "residual sd": 2.7, autocorrelation: 0.5 },
  ),
  {
    name: "latent time basis",
    persons: 400,
    spec: { outcome: "score", time: "time", fixed: "1 + latent(time)", random: "1 + latent(time)" },
    starts: ONE,
    truth: {
      "(Intercept)": 16,
      "latent(time)": -7,
      "var((Intercept))": 16,
      "cov((Intercept),latent(time))": -6,
      "var(latent(time))": 11.25,
      "residual sd": 2.5,
      ...Object.fromEntries([1, 2, 3, 4].map((o) => [`loading[${o}]`, LOADINGS[o]!])),
    },
    draw: (stream, n) =>
      drawCohort(
        {
          classes: [{ mean: [16, -7], factor: [4, -1.5, 3] }],
          residual: independent([2.5]),
          sessions: SIX,
          basis: (t) => LOADINGS[t]!,
        },
        stream,
        n,
      ),
  },
  threeClasses(800),
  threeClasses(2400),
  {
    name: "growth mixture of 2 classes, D of each class its own",
    persons: 800,
    spec: { ...STRAIGHT, classes: 2, covariance: "free" },
    starts: FEW,
    truth: {
      ...meanTruth(OWN_SPREAD),
      ...covarianceTruth(OWN_SPREAD[0]!.factor, "@1"),
      ...covarianceTruth(OWN_SPREAD[1]!.factor, "@2"),
      "residual sd": 2,
      "membership (Intercept)@1": 0.6,
    },
    draw: (stream, n) =>
      drawCohort(
        { classes: OWN_SPREAD, logits: [[0.6, 0]], residual: independent([2]), sessions: WEEKLY },
        stream,
        n,
      ),
  },
  {
    name: "LCGA of 2 classes, residual variance by class",
    persons: 400,
    spec: { ...STRAIGHT, random: "0", classes: 2, residual: "class" },
    starts: FEW,
    truth: {
      ...meanTruth(STILL),
      "residual sd@1": 2,
      "residual sd@2": 3.5,
      "membership (Intercept)@1": -0.6,
    },
    draw: (stream, n) =>
      drawCohort(
        { classes: STILL, logits: [[-0.6, 0]], residual: independent([2, 3.5]), sessions: SIX },
        stream,
        n,
      ),
  },
  {
    name: "growth curve, scores skewed and floored as PHQ-9 scores are",
    persons: 400,
    spec: QUADRATIC,
    starts: ONE,
    truth: null,
    draw: (stream, n) =>
      drawCohort(
        {
          classes: [{ mean: [13, -1.3, 0.05], factor: [4.5, -0.3, 0.5] }],
          residual: skewed(3, 1.5),
          sessions: WEEKLY,
          bounded: true,
        },
        stream,
        n,
      ),
  },
];
