import { type FitResult, fit } from "symptom-trajectories/models";
import { createRunner } from "symptom-trajectories/workers";
import { checkEqual, seconds, summarise, type Timing } from "../measure.js";
import { cohort, firstPersons, quadratic, SMALL } from "./cohorts.js";
import { fitMoments, type Moments, momentsOf, objectiveFor } from "./engine.js";
import { ONE_START } from "./fitting.js";
import { fitPowerLaw } from "./powerLaw.js";
import type { ScalingLaw, ScalingPoint, ScalingSeries } from "./scalingTypes.js";

/** Runs of one point: as many as fit into the budget. */
const BUDGET_SECONDS = 6;
const RUNS = { least: 3, most: 21 } as const;
const WARM_UPS = { seconds: 0.5, most: 20 } as const;
/** Weeks that treatment spans in the law of sessions, whatever their number. */
const WEEKS = 16;

/**
 * Time against people, 10,000 to 1,000,000: linear.
 * @param scale - share of the full sizes
 * @returns the law
 */
export async function lawOfPeople(scale: number): Promise<ScalingLaw> {
  const sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000].map((n) => Math.round(n * scale));
  const model = quadratic("session", { classes: 3 });
  const all = cohort({ nPersons: sizes.at(-1)!, seed: 6, regular: true }, ["session", "phq9"]);
  const points = await eachSize(sizes, async (nPersons) => {
    const table = firstPersons(all, nPersons);
    return timeParts(() => momentsOf(table, model), fitOneStart(table));
  });
  const linear = [0.95, 1.1] as const;
  // Starts climb on a sample of the people first, so that a fit may grow more slowly than its people.
  const linearAtMost = [0, 1.1] as const;
  return {
    name: "people",
    title: "People",
    x: "people",
    held: "3-class growth mixture, regular sessions (7.5 per person), one start, the calling thread",
    series: [
      seriesOf("moments", points.moments, linear),
      seriesOf("fit", points.fit, linearAtMost),
      seriesOf("one pass", points.pass, linear),
    ],
  };
}

/**
 * Time against sessions per person, 4 to 64: flat once moments exist.
 * @param scale - share of the people
 * @returns the law
 */
export async function lawOfSessions(scale: number): Promise<ScalingLaw> {
  const nPersons = Math.round(50_000 * scale);
  const model = quadratic("week", { classes: 3 });
  const points = await eachSize([4, 8, 16, 32, 64], async (sessions) => {
    const table = cohort(
      {
        nPersons,
        seed: 7,
        rounding: false,
        missedShare: 0,
        sessions: { minimum: sessions, mean: sessions, maximum: sessions },
        dropout: { rate: 0 },
        weeksBetween: { mean: WEEKS / sessions, sd: WEEKS / sessions / 2 },
      },
      ["week", "phq9"],
    );
    return timeParts(() => momentsOf(table, model), fitOneStart(table));
  });
  return {
    name: "sessions",
    title: "Sessions per person",
    x: "sessions per person",
    held: `3-class growth mixture of ${nPersons} people over ${WEEKS} weeks, irregular times, one start, the calling thread`,
    series: [
      seriesOf("moments", points.moments, null),
      seriesOf("fit", points.fit, null),
      seriesOf("one pass", points.pass, [-0.1, 0.1]),
    ],
  };
}

/**
 * Time against starts, for 2 to 6 classes: linear.
 * @param scale - share of the starts
 * @returns the law
 */
export async function lawOfStarts(scale: number): Promise<ScalingLaw> {
  const table = cohort(SMALL);
  const sizes = [...new Set([20, 40, 80, 160].map((n) => Math.max(4, Math.round(n * scale))))];
  const series: ScalingSeries[] = [];
  for (const classes of [2, 3, 4, 6]) {
    const points: ScalingPoint[] = [];
    for (const starts of sizes) {
      const options = { startsInitial: starts, startsFinal: Math.ceil(starts / 5) };
      const model = quadratic("session", { classes });
      points.push({ x: starts, seconds: await timeWithin(() => fit(table, model, options)) });
    }
    report(`${classes} classes`, points);
    series.push(seriesOf(`${classes} classes`, points, [0, 1.1]));
  }
  return {
    name: "starts",
    title: "Classes x starts",
    x: "starts",
    held: "growth mixtures of 2,000 people, a fifth of the starts carried to convergence, the calling thread",
    series,
  };
}

/**
 * Time against worker threads (0: the calling thread), of many small fits and of a large one; the answers are the same bits.
 * @param scale - share of the large fit's people and the small fits' starts
 * @returns the law
 */
export async function lawOfWorkers(scale: number): Promise<ScalingLaw> {
  const large = cohort({ nPersons: Math.round(300_000 * scale), seed: 6, regular: true }, [
    "session",
    "phq9",
  ]);
  const small = cohort(SMALL);
  const starts = Math.max(4, Math.round(200 * scale));
  const works = [
    {
      name: `${starts} starts of 2,000 people`,
      run: (runner: ReturnType<typeof createRunner>) =>
        fit(small, quadratic("session", { classes: 4 }), {
          ...{ startsInitial: starts, startsFinal: Math.ceil(starts / 5) },
          runner,
        }),
    },
    {
      name: `one start of ${large.nPersons.toLocaleString("en-GB")}`,
      run: (runner: ReturnType<typeof createRunner>) =>
        fit(large, quadratic("session", { classes: 4 }), { ...ONE_START, runner }),
    },
  ];
  const series: ScalingSeries[] = [];
  for (const { name, run } of works) {
    const points: ScalingPoint[] = [];
    let first: FitResult | undefined;
    for (const workers of [0, 1, 2]) {
      const runner = createRunner(workers);
      try {
        const taken = await timeWithin(async () => {
          const result = await run(runner);
          first ??= result;
          checkEqual(`${name}, ${workers} workers`, result.logLikelihood, first.logLikelihood, 0);
        });
        points.push({ x: workers, seconds: taken });
      } finally {
        await runner.close();
      }
    }
    report(name, points);
    series.push({ name, points, power: null, target: null, met: null });
  }
  return {
    name: "workers",
    title: "Worker threads",
    x: "worker threads (0: the calling thread)",
    held: "4-class growth mixtures, moments included; the log-likelihoods are the same to the last bit",
    series,
  };
}

/** Times of moments, of one start from moments, and of one evaluation. */
interface Parts {
  readonly moments: Timing;
  readonly fit: Timing;
  readonly pass: Timing;
}

async function timeParts(
  moments: () => Moments,
  fitted: (problem: Moments) => Promise<FitResult>,
): Promise<Parts> {
  const taken = await timeWithin(moments);
  const problem = moments();
  const { internal } = await fitted(problem);
  const fitTime = await timeWithin(() => fitted(problem));
  const objective = objectiveFor(problem);
  const x = Float64Array.from(internal);
  const pass = await timeWithin(() => objective.evaluate(x, false), 31);
  return { moments: taken, fit: fitTime, pass };
}

function fitOneStart(table: Parameters<typeof fitMoments>[0]): (problem: Moments) => Promise<FitResult> {
  const runner = createRunner(0);
  return (problem) => fitMoments(table, problem, ONE_START, runner);
}

async function eachSize(
  sizes: readonly number[],
  measure: (size: number) => Promise<Parts>,
): Promise<Record<keyof Parts, ScalingPoint[]>> {
  const out: Record<keyof Parts, ScalingPoint[]> = { moments: [], fit: [], pass: [] };
  for (const size of sizes) {
    const parts = await measure(size);
    for (const name of ["moments", "fit", "pass"] as const) out[name].push({ x: size, seconds: parts[name] });
  }
  for (const [name, points] of Object.entries(out)) report(name, points);
  return out;
}

/**
 * Warm-ups until the work is compiled (half a second or 20 runs, at least one): else the smallest size, which comes first, would
 * be timed in cold code. Then runs until the budget is used, at least three.
 */
async function timeWithin(work: () => unknown, most: number = RUNS.most): Promise<Timing> {
  const once = async (): Promise<number> => {
    const begin = performance.now();
    await work();
    return (performance.now() - begin) / 1000;
  };
  for (let count = 0, total = 0; count < WARM_UPS.most && total < WARM_UPS.seconds; count++)
    total += await once();
  const runs: number[] = [];
  for (let total = 0; runs.length < most && (runs.length < RUNS.least || total < BUDGET_SECONDS); ) {
    runs.push(await once());
    total += runs.at(-1)!;
  }
  return summarise(runs);
}

function seriesOf(
  name: string,
  points: readonly ScalingPoint[],
  target: readonly [number, number] | null,
): ScalingSeries {
  const power =
    points.length < 3
      ? null
      : fitPowerLaw(
          points.map(({ x }) => x),
          points.map((point) => point.seconds.median),
        );
  const met =
    target === null || power === null ? null : power.exponent >= target[0] && power.exponent <= target[1];
  return { name, points, power, target, met };
}

function report(name: string, points: readonly ScalingPoint[]): void {
  const each = points.map((point) => `${point.x}: ${seconds(point.seconds.median)}`);
  console.log(`  ${name}: ${each.join(", ")}`);
}
