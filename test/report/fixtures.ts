import { columnFromArray, type LongTable, type PersonTable, tableFromArrays } from "../../src/core/table.js";
import type { StoredDesign } from "../../src/models/design.js";
import type {
  ClassSummary,
  Criteria,
  EnumerationResult,
  FitResult,
  OddsRatio,
  ParameterEstimate,
  Posteriors,
  RegressionResult,
  VerdictName,
} from "../../src/models/result.js";
import { DEFAULT_FIT_OPTIONS, resolveSpec } from "../../src/models/spec.js";
import type { ReportInput } from "../../src/report/input.js";

/** A small seeded generator (mulberry32), so fixtures never change. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Intercept, slope and quadratic of each class (per week), lowest at the end first, and its share. */
const CURVES = [
  { share: 0.31, b: [18.2, -1.55, 0.062] },
  { share: 0.36, b: [15.4, -0.52, 0.012] },
  { share: 0.22, b: [20.6, -0.12, 0.001] },
  { share: 0.11, b: [11.6, 0.05, 0.042] },
] as const;

export interface FixtureOptions {
  readonly classes?: number;
  readonly persons?: number;
  readonly seed?: number;
  readonly lastWeek?: number;
}

interface Simulated {
  readonly long: LongTable;
  readonly truth: Int32Array;
  readonly curves: readonly { share: number; b: readonly number[] }[];
}

function curvesFor(classes: number): readonly { share: number; b: readonly number[] }[] {
  if (classes === 4) return CURVES;
  if (classes === 1) return [{ share: 1, b: [16.9, -0.78, 0.024] }];
  return Array.from({ length: classes }, (_, k) => {
    const end = 2 + (23 * k) / (classes - 1);
    const start = 24 - ((k * 7) % 11);
    return { share: 1 / classes, b: [start, (end - start) / 12, 0] };
  });
}

function simulate(options: FixtureOptions): Simulated {
  const { classes = 4, persons = 600, seed = 20, lastWeek = 12 } = options;
  const random = generator(seed);
  const curves = curvesFor(classes);
  const ids: string[] = [];
  const weeks: number[] = [];
  const scores: number[] = [];
  const truth = new Int32Array(persons);
  for (let i = 0; i < persons; i++) {
    let u = random();
    let k = 0;
    while (k < classes - 1 && u > curves[k]!.share) u -= curves[k++]!.share;
    truth[i] = k;
    const shift = 2.4 * normal(random);
    const tilt = 0.12 * normal(random);
    const n = 3 + Math.floor(random() * (lastWeek - 1));
    for (let week = 0; week <= lastWeek && week < n; week++) {
      if (week > 0 && random() < 0.15) continue;
      const [a, b, c] = curves[k]!.b as [number, number, number];
      const y = a + shift + (b + tilt) * week + c * week * week + 2.2 * normal(random);
      ids.push(`P${String(i + 1).padStart(4, "0")}`);
      weeks.push(week);
      scores.push(Math.max(0, Math.min(27, Math.round(y))));
    }
  }
  return { long: tableFromArrays(ids, { week: weeks, phq9: scores }, "week"), truth, curves };
}

function posteriorsOf(simulated: Simulated): Posteriors {
  const { long, curves } = simulated;
  const K = curves.length;
  const values = new Float64Array(long.nPersons * K);
  const modalClass = new Int32Array(long.nPersons);
  const time = (long.columns.get("week") as { values: Float64Array }).values;
  const score = (long.columns.get("phq9") as { values: Float64Array }).values;
  for (let i = 0; i < long.nPersons; i++) {
    const log = curves.map(({ share, b }) => {
      let sum = 0;
      let squares = 0;
      let n = 0;
      for (let r = long.personStart[i]!; r < long.personStart[i + 1]!; r++) {
        const t = time[r]!;
        const e = score[r]! - (b[0]! + b[1]! * t + b[2]! * t * t);
        sum += e;
        squares += e * e;
        n++;
      }
      const within = 5;
      const between = 6;
      return (
        Math.log(share) - 0.5 * (squares / within - (between * sum * sum) / (within * (within + n * between)))
      );
    });
    const top = Math.max(...log);
    const weights = log.map((each) => Math.exp(each - top));
    const total = weights.reduce((a, b) => a + b, 0);
    weights.forEach((w, k) => {
      values[i * K + k] = w / total;
    });
    modalClass[i] = 1 + weights.indexOf(Math.max(...weights));
  }
  return { personIds: long.personIds, nClasses: K, values, modalClass };
}

function summaries(simulated: Simulated, posteriors: Posteriors, lastWeek: number): readonly ClassSummary[] {
  const { long, curves } = simulated;
  const K = curves.length;
  const time = (long.columns.get("week") as { values: Float64Array }).values;
  const score = (long.columns.get("phq9") as { values: Float64Array }).values;
  return curves.map(({ b }, k) => {
    let proportion = 0;
    let assigned = 0;
    let own = 0;
    const weight = new Float64Array(lastWeek + 1);
    const sum = new Float64Array(lastWeek + 1);
    for (let i = 0; i < long.nPersons; i++) {
      const p = posteriors.values[i * K + k]!;
      proportion += p / long.nPersons;
      if (posteriors.modalClass[i] === k + 1) {
        assigned++;
        own += p;
      }
      for (let r = long.personStart[i]!; r < long.personStart[i + 1]!; r++) {
        weight[time[r]!]! += p;
        sum[time[r]!]! += p * score[r]!;
      }
    }
    const average = assigned === 0 ? null : own / assigned;
    const grid = Array.from({ length: lastWeek * 4 + 1 }, (_, j) => j / 4);
    const mean = grid.map((t) => b[0]! + b[1]! * t + b[2]! * t * t);
    const half = grid.map((t) => (0.35 + 0.05 * Math.abs(t - 3)) * (0.4 / Math.sqrt(proportion + 0.02)));
    const weeks = Array.from({ length: lastWeek + 1 }, (_, t) => t).filter((t) => weight[t]! > 0.5);
    return {
      label: k + 1,
      proportion,
      assigned,
      averagePosterior: average,
      oddsOfCorrectClassification:
        K === 1 || average === null ? null : average / (1 - average) / (proportion / (1 - proportion)),
      meanTrajectory: {
        time: grid,
        mean,
        lower: mean.map((m, j) => m - 1.96 * half[j]!),
        upper: mean.map((m, j) => m + 1.96 * half[j]!),
        simultaneousLower: mean.map((m, j) => m - 2.5 * half[j]!),
        simultaneousUpper: mean.map((m, j) => m + 2.5 * half[j]!),
        simultaneousWidth: 2.5,
      },
      observedMeans: {
        time: weeks,
        observed: weeks.map((t) => sum[t]! / weight[t]!),
        fitted: weeks.map((t) => b[0]! + b[1]! * t + b[2]! * t * t),
        weight: weeks.map((t) => weight[t]!),
      },
    };
  });
}

function entropyOf(posteriors: Posteriors): number | null {
  if (posteriors.nClasses === 1) return null;
  let sum = 0;
  for (const p of posteriors.values) if (p > 0) sum -= p * Math.log(p);
  return 1 - sum / (posteriors.personIds.length * Math.log(posteriors.nClasses));
}

export function criteriaOf(logLikelihood: number, p: number, n: number, entropy: number | null): Criteria {
  const deviance = -2 * logLikelihood;
  const loss = entropy === null ? 0 : 2 * (1 - entropy) * n;
  return {
    aic: deviance + 2 * p,
    bic: deviance + p * Math.log(n),
    sabic: deviance + p * Math.log((n + 2) / 24),
    caic: deviance + p * (Math.log(n) + 1),
    awe: deviance + loss + 2 * p * (Math.log(n) + 1.5),
    iclBic: deviance + loss + p * Math.log(n),
    entropy,
  };
}

/** A parameter with its Wald statistics. */
export function parameter(
  name: string,
  block: ParameterEstimate["block"],
  label: number | null,
  estimate: number,
  standardError: number | null,
): ParameterEstimate {
  const tested = standardError !== null && block !== "covariance" && block !== "residual";
  const z = tested ? estimate / standardError : null;
  return {
    name,
    block,
    class: label,
    estimate,
    standardError,
    robustStandardError: standardError === null ? null : standardError * 1.07,
    z,
    df: null,
    p: z === null ? null : Math.min(1, 2 * Math.exp(-0.717 * Math.abs(z) - 0.416 * z * z)),
    lower: standardError === null ? null : estimate - 1.96 * standardError,
    upper: standardError === null ? null : estimate + 1.96 * standardError,
  };
}

/** A realistic quadratic growth mixture of weekly PHQ-9 scores (one class: a growth curve). */
export function makeFit(options: FixtureOptions = {}): FitResult & { readonly table: LongTable } {
  const { classes = 4, lastWeek = 12, seed = 20 } = options;
  const simulated = simulate(options);
  const posteriors = posteriorsOf(simulated);
  const { long } = simulated;
  const entropy = entropyOf(posteriors);
  const parameters: ParameterEstimate[] = [];
  simulated.curves.forEach(({ b }, k) => {
    const label = classes === 1 ? null : k + 1;
    ["(Intercept)", "week", "week^2"].forEach((name, j) => {
      parameters.push(parameter(name, "fixed", label, b[j]!, [0.42, 0.11, 0.0081][j]!));
    });
  });
  parameters.push(parameter("var((Intercept))", "covariance", null, 5.76, 0.61));
  parameters.push(parameter("cov((Intercept),week)", "covariance", null, 0.04, 0.05));
  parameters.push(parameter("var(week)", "covariance", null, 0.0144, 0.004));
  parameters.push(parameter("residual sd", "residual", null, 2.21, 0.03));
  for (let k = 2; k <= classes; k++)
    parameters.push(
      parameter(
        "(Intercept)",
        "membership",
        k,
        Math.log(simulated.curves[k - 1]!.share / simulated.curves[0]!.share),
        0.15,
      ),
    );
  const nParameters = parameters.length;
  const logLikelihood = -2.4 * long.nRows;
  return {
    formatVersion: 1,
    version: "0.1.0",
    family: classes === 1 ? "growth curve" : "growth mixture model",
    model: resolveSpec({
      outcome: "phq9",
      time: "week",
      fixed: "1 + week + week^2",
      random: "1 + week",
      classes,
    }),
    design: {} as unknown as StoredDesign,
    options: { ...DEFAULT_FIT_OPTIONS, seed },
    seed,
    nPersons: long.nPersons,
    nObservations: long.nRows,
    nParameters,
    rows: { read: long.nRows, used: long.nRows, setAside: [] },
    logLikelihood,
    criteria: criteriaOf(logLikelihood, nParameters, long.nPersons, entropy),
    parameters,
    parameterCovariance: null,
    robustCovariance: null,
    robust: "person",
    clusters: null,
    termTests: [],
    explainedVariance: null,
    satterthwaite: null,
    internal: [],
    covariance: {
      names: ["(Intercept)", "week"],
      matrices: [
        [
          [5.76, 0.04],
          [0.04, 0.0144],
        ],
      ],
      correlations: [
        [
          [1, 0.139],
          [0.139, 1],
        ],
      ],
    },
    residual: { structure: "common", sd: [2.21], occasions: null, autocorrelation: null },
    classes: summaries(simulated, posteriors, lastWeek),
    posteriors,
    starts:
      classes === 1
        ? null
        : {
            tried: 100,
            drawnLater: 0,
            groupings: 93,
            finalists: 20,
            converged: 20,
            refused: 0,
            refusedWhenScreened: 0,
            replicatedBest: 14,
            distinctMaxima: 7,
            screenedLogLikelihoods: Array.from({ length: 100 }, (_, i) => logLikelihood - 0.4 * i),
            fewerClasses: { logLikelihood: logLikelihood - 60, tried: 10 },
            logLikelihoods: Array.from(
              { length: 20 },
              (_, i) => logLikelihood - (i < 14 ? 1e-5 * i : (i - 13) * 3.7),
            ),
          },
    convergence: {
      converged: true,
      verdicts: [
        {
          name: "converged",
          sentence: "The fit converged: gradient, curvature and stability criteria all held.",
          advice: "Nothing to do.",
        },
      ],
      gradientCriterion: 3.2e-12,
      smallestCurvature: 0.013,
      iterations: 87,
      evaluations: 112,
      varianceBound: null,
    },
    runnerUp: null,
    warnings: [],
    elapsedSeconds: 1.4,
    table: long,
  };
}

/** An enumeration of LCGA and GMM from one to `largest` classes; GMM with four classes has the best BIC. */
export function makeEnumeration(largest = 6, persons = 600): EnumerationResult {
  const fits: FitResult[] = [];
  const rows = [];
  const base = -9300;
  const best = Math.min(4, largest);
  for (const structure of ["LCGA", "GMM"] as const) {
    for (let k = 1; k <= largest; k++) {
      const made = makeFit({ classes: k, persons: Math.min(persons, 250) });
      const gain =
        structure === "GMM" ? [0, 0, 90, 160, 245, 256, 262] : [0, -1100, -640, -420, -300, -230, -190];
      const logLikelihood = base + (gain[k] ?? gain.at(-1)!);
      const nParameters = 4 * k + (structure === "GMM" ? 3 : 0);
      const entropy = k === 1 ? null : 0.93 - 0.03 * k - (structure === "GMM" ? 0.08 : 0);
      const verdict: VerdictName =
        k === largest && structure === "GMM" && largest > 4 ? "best value not replicated" : "converged";
      const criteria = criteriaOf(logLikelihood, nParameters, persons, entropy);
      const family =
        structure === "LCGA"
          ? "latent class growth analysis"
          : k === 1
            ? "growth curve"
            : "growth mixture model";
      fits.push({
        ...made,
        family,
        model: { ...made.model, random: structure === "LCGA" ? "0" : "1 + week" },
        covariance: structure === "LCGA" ? null : made.covariance,
        logLikelihood,
        criteria,
        nParameters,
      });
      rows.push({
        structure,
        family,
        classes: k,
        logLikelihood,
        nParameters,
        criteria,
        smallestProportion: Math.min(...made.classes.map((c) => c.proportion)),
        smallestAssigned: Math.min(...made.classes.map((c) => c.assigned)),
        replicatedBest: k === 1 ? null : verdict === "converged" ? 14 : 1,
        finalists: k === 1 ? null : 20,
        verdict,
        excludedBecause:
          verdict === "converged" ? [] : ["the best log-likelihood was reached by one start only"],
        chosen: structure === "GMM" && k === best,
      } as const);
    }
  }
  return {
    rows,
    rule: { criterion: "bic", minimumClassProportion: 0.05, minimumEntropy: 0, requireReplication: true },
    explanation: `Lowest BIC among models whose smallest class holds at least 5% and whose best log-likelihood was replicated: GMM with ${best} classes.`,
    chosen: rows.findIndex((row) => row.chosen),
    fits,
  } as EnumerationResult;
}

function ratio(
  term: string,
  outcome: string,
  reference: string,
  logOdds: number,
  se: number | null,
): OddsRatio {
  const z = se === null ? null : logOdds / se;
  return {
    term,
    outcome,
    reference,
    logOdds,
    standardError: se,
    oddsRatio: Math.exp(logOdds),
    lower: se === null ? null : Math.exp(logOdds - 1.96 * se),
    upper: se === null ? null : Math.exp(logOdds + 1.96 * se),
    z,
    p: z === null ? null : Math.min(1, 2 * Math.exp(-0.717 * Math.abs(z) - 0.416 * z * z)),
  };
}

/** Three-step predictors of membership, every reference class. */
export function makeThreeStep(
  classes = 4,
  terms: readonly string[] = ["age_c", "female", "employment: unemployed", "gad7_first"],
): RegressionResult {
  const effects = terms.map((_, t) =>
    Array.from({ length: classes }, (_, k) => ((k * (t + 1) * 0.37) % 1.3) - (t % 2) * 0.4 * k * 0.5),
  );
  const oddsRatios: OddsRatio[] = [];
  for (let reference = 0; reference < classes; reference++)
    ["(Intercept)", ...terms].forEach((term, t) => {
      for (let k = 0; k < classes; k++)
        if (k !== reference) {
          const e = t === 0 ? 0.2 * (k - reference) : effects[t - 1]![k]! - effects[t - 1]![reference]!;
          oddsRatios.push(ratio(term, `Class ${k + 1}`, `Class ${reference + 1}`, e, 0.16 + 0.05 * t));
        }
    });
  return {
    method: "three-step ML",
    outcome: "latent class",
    formula: terms.join(" + "),
    outcomeLevels: Array.from({ length: classes }, (_, k) => `Class ${k + 1}`),
    nPersons: 571,
    leftOut: [{ reason: "missing covariate: gad7_first", persons: 29 }],
    logLikelihood: -702.4,
    nParameters: (classes - 1) * (terms.length + 1),
    oddsRatios,
    termTests: terms.map((term, t) => ({
      term,
      chiSquare: 14.2 - 3 * t,
      df: classes - 1,
      p: [0.0027, 0.011, 0.043, 0.16][t % 4]!,
    })),
    classificationTable: Array.from({ length: classes }, (_, s) =>
      Array.from({ length: classes }, (_, t) => (s === t ? 0.85 : 0.15 / Math.max(1, classes - 1))),
    ),
    convergence: { converged: true, verdicts: [] },
    warnings: [],
  };
}

/** A logistic regression of reliable recovery. */
export function makeLogistic(): RegressionResult {
  const terms = ["(Intercept)", "age_c", "female", "employment: unemployed", "phq9_first"];
  const b = [0.3, 0.12, -0.05, -0.71, -0.11];
  return {
    method: "logistic",
    outcome: "reliable_recovery",
    formula: "age_c + female + employment + phq9_first",
    outcomeLevels: ["no", "yes"],
    nPersons: 488,
    leftOut: [
      { reason: "not eligible", persons: 83 },
      { reason: "missing covariate: employment", persons: 29 },
    ],
    logLikelihood: -312.9,
    nParameters: 5,
    oddsRatios: terms.map((term, t) => ratio(term, "yes", "no", b[t]!, [0.4, 0.08, 0.2, 0.22, 0.03][t]!)),
    termTests: terms
      .slice(1)
      .map((term, t) => ({ term, chiSquare: 2.2 + t, df: 1, p: [0.14, 0.8, 0.0013, 0.0002][t]! })),
    classificationTable: null,
    convergence: { converged: true, verdicts: [] },
    warnings: [],
  };
}

const numeric = (
  variable: string,
  mean: number,
  sd: number,
  minimum: number,
  maximum: number,
  missing = 0,
) => ({
  variable,
  level: "",
  n: 600 - missing,
  missing,
  mean,
  sd,
  median: mean - 0.2,
  q1: mean - 0.7 * sd,
  q3: mean + 0.7 * sd,
  minimum,
  maximum,
  share: null,
});

const category = (variable: string, level: string, n: number) => ({
  variable,
  level,
  n,
  missing: 0,
  mean: null,
  sd: null,
  median: null,
  q1: null,
  q3: null,
  minimum: null,
  maximum: null,
  share: n / 600,
});

/** Outcome factors per person, by where the first and last score lie. */
export function makePersons(long: LongTable): PersonTable {
  const score = (long.columns.get("phq9") as { values: Float64Array }).values;
  const recovery: string[] = [];
  const improvement: string[] = [];
  for (let i = 0; i < long.nPersons; i++) {
    const first = score[long.personStart[i]!]!;
    const last = score[long.personStart[i + 1]! - 1]!;
    recovery.push(first < 10 ? "not eligible" : last < 10 ? "yes" : "no");
    improvement.push(first - last >= 6 ? "yes" : "no");
  }
  return {
    nPersons: long.nPersons,
    personIds: long.personIds,
    columns: new Map([
      ["recovery", columnFromArray(recovery)],
      ["reliable_improvement", columnFromArray(improvement)],
    ]),
  };
}

/** A whole report's input. */
export function makeInput(changes: Partial<ReportInput> = {}): ReportInput {
  const { table, ...chosen } = makeFit();
  return {
    title: "PHQ-9 trajectories in talking therapy",
    date: "2026-03-14T09:26:53Z",
    version: "0.1.0",
    seed: 20,
    measure: { name: "phq9", label: "PHQ-9", minimum: 0, maximum: 27, caseness: 10 },
    timeLabel: "Weeks since first session",
    long: table,
    persons: makePersons(table),
    cohort: {
      ledger: {
        read: table.nRows + 148,
        used: table.nRows,
        setAside: [
          { reason: "score-missing", description: "No PHQ-9 score.", rows: 91, persons: 77 },
          { reason: "score-out-of-range", description: "PHQ-9 outside 0 to 27.", rows: 3, persons: 3 },
          { reason: "too-few-sessions", description: "Fewer than 2 scored sessions.", rows: 54, persons: 54 },
        ],
      },
      notes: ["12 totals were prorated from 7 or 8 answered items."],
      descriptives: [
        numeric("age", 38.4, 13.1, 18, 79),
        category("gender", "female", 391),
        category("gender", "male", 209),
        numeric("phq9_first", 16.8, 4.6, 3, 27),
        numeric("gad7_first", 13.9, 4.4, 0, 21, 29),
        numeric("n_sessions", 7.1, 3.2, 2, 13),
      ],
      outcomes: [
        { outcome: "recovery", yes: 247, no: 270, notEligible: 83, missing: 0, rate: 247 / 517 },
        { outcome: "reliable_improvement", yes: 388, no: 212, notEligible: 0, missing: 0, rate: 388 / 600 },
        { outcome: "reliable_deterioration", yes: 41, no: 559, notEligible: 0, missing: 0, rate: 41 / 600 },
        { outcome: "reliable_recovery", yes: 231, no: 286, notEligible: 83, missing: 0, rate: 231 / 517 },
        { outcome: "no_reliable_change", yes: 171, no: 429, notEligible: 0, missing: 0, rate: 171 / 600 },
      ],
      sources: [
        {
          path: "data/sessions.csv",
          rows: table.nRows + 148,
          sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
      ],
    },
    enumeration: makeEnumeration(),
    chosen,
    otherFits: [{ name: "growth curve", fit: makeFit({ classes: 1 }) }],
    regressions: [makeThreeStep(), makeLogistic()],
    elapsedSeconds: 38.2,
    ...changes,
  };
}
