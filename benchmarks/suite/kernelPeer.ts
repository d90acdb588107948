import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { summarise } from "../measure.js";
import { ROOT } from "../paths.js";
import type { Moments } from "./engine.js";
import type { Peer } from "./types.js";

/** What `c/estep.c` finds in one pass; shapes as in the kernels' `Evaluation`. */
export interface PassSums {
  readonly logLikelihood: number;
  readonly gradientBeta: ArrayLike<number>;
  readonly gradientD: ArrayLike<number>;
  readonly gradientResidual: number;
  readonly weight: ArrayLike<number>;
}

/** Parameters of a mixture with one D and one residual variance, on the internal scale. */
export interface PassParameters {
  readonly nClasses: number;
  readonly beta: Float64Array;
  readonly factor: Float64Array;
  readonly residual: Float64Array;
  readonly logits: Float64Array;
}

/**
 * Times the pass in C on the same moments and parameters: the limit of one core.
 * @param problem - moments of a quadratic model with two random effects
 * @param parameters - where
 * @param passes - how many are timed
 * @returns the sums of the pass and its times; null, with a line on the screen, where there is no C compiler
 */
export function cPass(
  problem: Moments,
  parameters: PassParameters,
  passes: number,
): { readonly sums: PassSums; readonly peer: Peer } | null {
  const folder = mkdtempSync(join(tmpdir(), "symtraj-estep-"));
  const flags = ["-O3", "-march=native", `-DCLASSES=${parameters.nClasses}`];
  try {
    const [program, data] = [join(folder, "estep"), join(folder, "estep.bin")];
    const source = join(ROOT, "benchmarks", "c", "estep.c");
    const compiled = spawnSync("cc", [...flags, source, "-o", program, "-lm"], { encoding: "utf8" });
    if (compiled.error !== undefined || compiled.status !== 0) {
      console.log(`  left out: the pass in C (${compiled.error?.message ?? compiled.stderr.slice(0, 300)})`);
      return null;
    }
    writeFileSync(data, inputOf(problem, parameters));
    const run = spawnSync(program, [data, String(passes)], { encoding: "utf8" });
    if (run.status !== 0)
      throw new Error(`benchmarks/c/estep.c ended with status ${run.status}: ${run.stderr}`);
    return answerOf(run.stdout, flags);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function answerOf(
  printed: string,
  flags: readonly string[],
): { readonly sums: PassSums; readonly peer: Peer } {
  const { compiler, way, seconds, ...sums } = JSON.parse(printed) as PassSums & {
    readonly compiler: string;
    readonly way: string;
    readonly seconds: number[];
  };
  const peer: Peer = {
    name: "C",
    version: `cc ${compiler}`,
    call: `benchmarks/c/estep.c, ${way}, cc ${flags.join(" ")}, one core`,
    seconds: summarise(seconds),
    logLikelihood: sums.logLikelihood,
  };
  return { sums, peer };
}

/** The file that `read_problem` in estep.c reads. */
function inputOf({ data: { moments, fixed } }: Moments, parameters: PassParameters): Uint8Array {
  const { nClasses, beta, factor, residual, logits } = parameters;
  if (moments.nBasis !== 3 || moments.nRandom !== 2 || moments.nMembership !== 1)
    throw new Error("The pass in C is for quadratics with random intercept and slope.");
  const mu = new Float64Array(nClasses * 3);
  for (let k = 0; k < nClasses; k++)
    for (let j = 0; j < 3; j++) mu[k * 3 + fixed.basis[j]!] = beta[k * 3 + j]!;
  const [l00, , l10, l11] = factor as unknown as [number, number, number, number];
  const d = [l00 * l00, l00 * l10, l00 * l10, l10 * l10 + l11 * l11];
  const weights = Array.from(logits.subarray(0, nClasses), Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const parts: ArrayLike<number>[] = [
    ...[[moments.nPersons, moments.nPatterns, nClasses], mu, d, [residual[0]!]],
    weights.map((weight) => Math.log(weight / total)),
    ...[moments.patternStart, moments.patternSessions, moments.btb, moments.yy, moments.by],
  ];
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return new Uint8Array(out.buffer);
}

/**
 * The sums of an evaluation, copied.
 * @param last - evaluation of a kernel for common D and residual variance (its totals are in class 0)
 * @returns what a pass in C gives
 */
export function passSums(last: EvaluationSums): PassSums {
  const { logLikelihood, gradientBeta, gradientD, gradientResidual, weight } = last;
  return {
    logLikelihood,
    gradientBeta: Float64Array.from(gradientBeta),
    gradientD: Float64Array.from(gradientD).slice(0, 4),
    gradientResidual: gradientResidual[0]!,
    weight: Float64Array.from(weight),
  };
}

/** The part of the kernels' `Evaluation` that is compared. */
export type EvaluationSums = Omit<PassSums, "gradientResidual"> & { readonly gradientResidual: Float64Array };

/**
 * The largest relative difference between two passes: each block of sums relative to its largest entry.
 * @param a - one
 * @param b - the other
 * @returns the difference
 */
export function passDifference(a: PassSums, b: PassSums): number {
  const blocks = (x: PassSums): ArrayLike<number>[] => [
    [x.logLikelihood],
    ...[x.gradientBeta, x.gradientD, [x.gradientResidual], x.weight],
  ];
  const others = blocks(b);
  return Math.max(
    ...blocks(a).map((block, j) => {
      const values = Array.from(block);
      const size = Math.max(...values.map(Math.abs), Number.MIN_VALUE);
      return Math.max(...values.map((value, i) => Math.abs(value - others[j]![i]!))) / size;
    }),
  );
}
