import { addInto, type Pass } from "../jobs/pass.js";
import { observedLayout } from "./observed.js";
import {
  allocateEvaluation,
  allocateParameters,
  type ClassParameters,
  type Evaluation,
  type Kernel,
  type ParameterSizes,
} from "./types.js";

// A likelihood of many people is the sum of those of shards, which have kernels of their own over the same memory. What a kernel adds up over
// people is a pass: parameters go in as one array of numbers, a shard's sums come out as another, in this thread or in one that helps.

/** The kernels of the shards of a data set, in one thread. */
export interface ShardKernels {
  /** First person of each shard, and the number of persons at the end. */
  readonly bounds: Int32Array;
  readonly sizes: ParameterSizes;
  /** The kernel of a shard; made when first asked for, because another thread may do all of its work. */
  of(shard: number): Kernel;
}

/**
 * Prepares the kernels of shards.
 * @param bounds - first person of each shard, and the number of persons at the end
 * @param sizes - of the model
 * @param make - makes the kernel of a shard
 * @returns the kernels
 */
export function shardKernels(
  bounds: Int32Array,
  sizes: ParameterSizes,
  make: (shard: number) => Kernel,
): ShardKernels {
  const kernels: Kernel[] = [];
  return {
    bounds,
    sizes,
    of(shard) {
      kernels[shard] ??= make(shard);
      return kernels[shard];
    },
  };
}

/** Takes a pass at an input and leaves the sum in `out`. */
export type Sum = (input: Float64Array, out: Float64Array) => void;

/**
 * The likelihood of many people as the sum over shards, in their order.
 * @param kernels - of the shards
 * @param sumEvaluations - takes the pass of {@link evaluationPass}
 * @param sumObserved - takes that of {@link observedPass}
 * @returns the kernel. Posteriors, which are asked for once in a fit, are filled by this thread alone
 */
export function shardedKernel(kernels: ShardKernels, sumEvaluations: Sum, sumObserved: Sum): Kernel {
  const { bounds, sizes } = kernels;
  const { nClasses } = sizes;
  const input = new Float64Array(1 + lengthOf(arraysOf(allocateParameters(sizes))));
  const part = allocateEvaluation(sizes);
  const numbers = new Float64Array(evaluationWidth(part));
  const total = new Float64Array(numbers.length);
  const kernel: Kernel = {
    nClasses,
    evaluate(parameters, out, { information, posteriors }) {
      if (posteriors === undefined) {
        writeInput(input, parameters, information);
        sumEvaluations(input, total);
      } else {
        total.fill(0);
        for (let s = 0; s + 1 < bounds.length; s++) {
          const own = posteriors.subarray(bounds[s]! * nClasses, bounds[s + 1]! * nClasses);
          kernels.of(s).evaluate(parameters, part, { information, posteriors: own });
          writeEvaluation(part, numbers, 0);
          addInto(total, numbers, 0);
        }
      }
      out.logLikelihood = total[0]!;
      readArrays(arraysOf(out), total, 1);
    },
  };
  if (kernels.of(0).addObserved === undefined) return kernel;
  return {
    ...kernel,
    addObserved(parameters, out) {
      const sum = new Float64Array(out.length);
      writeInput(input, parameters, false);
      sumObserved(input, sum);
      addInto(out, sum, 0);
    },
  };
}

/**
 * The pass over shards that evaluates a likelihood.
 * @param kernels - of the shards
 * @returns the pass; its numbers are an evaluation, one array after the other
 */
export function evaluationPass(kernels: ShardKernels): Pass {
  const parameters = allocateParameters(kernels.sizes);
  const evaluation = allocateEvaluation(kernels.sizes);
  return {
    nParts: kernels.bounds.length - 1,
    width: evaluationWidth(evaluation),
    compute(shard, input, out, at) {
      const information = readInput(input, parameters);
      kernels.of(shard).evaluate(parameters, evaluation, { information });
      writeEvaluation(evaluation, out, at);
    },
  };
}

/**
 * The pass over shards that computes the observed information of the classes' parameters.
 * @param kernels - of the shards; they have `addObserved`
 * @returns the pass; its numbers are the matrix
 */
export function observedPass(kernels: ShardKernels): Pass {
  const parameters = allocateParameters(kernels.sizes);
  const width = observedLayout(kernels.sizes).size ** 2;
  return {
    nParts: kernels.bounds.length - 1,
    width,
    compute(shard, input, out, at) {
      const own = out.subarray(at, at + width).fill(0);
      readInput(input, parameters);
      kernels.of(shard).addObserved!(parameters, own);
    },
  };
}

/** Whether the information is wanted, then the parameters. */
function writeInput(input: Float64Array, parameters: ClassParameters, information: boolean): void {
  input[0] = information ? 1 : 0;
  writeArrays(arraysOf(parameters), input, 1);
}

function readInput(input: Float64Array, parameters: ClassParameters): boolean {
  readArrays(arraysOf(parameters), input, 1);
  return input[0] === 1;
}

function evaluationWidth(evaluation: Evaluation): number {
  return 1 + lengthOf(arraysOf(evaluation));
}

function writeEvaluation(evaluation: Evaluation, out: Float64Array, at: number): void {
  out[at] = evaluation.logLikelihood;
  writeArrays(arraysOf(evaluation), out, at + 1);
}

/** Every array of an evaluation or of parameters, in the order in which they are allocated: a further one goes along by itself. */
function arraysOf(record: ClassParameters | Evaluation): Float64Array[] {
  return Object.values(record).filter((value): value is Float64Array => value instanceof Float64Array);
}

function lengthOf(arrays: readonly Float64Array[]): number {
  return arrays.reduce((sum, { length }) => sum + length, 0);
}

function readArrays(arrays: readonly Float64Array[], from: Float64Array, start: number): void {
  let at = start;
  for (const array of arrays) {
    array.set(from.subarray(at, at + array.length));
    at += array.length;
  }
}

function writeArrays(arrays: readonly Float64Array[], to: Float64Array, start: number): void {
  let at = start;
  for (const array of arrays) {
    to.set(array, at);
    at += array.length;
  }
}
