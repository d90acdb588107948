import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * A stream of random numbers. The sequences are frozen: the same seed and index give the same numbers, bit for
 * bit, in every version of this package until the next major one.
 */
export interface RandomStream {
  /** @returns a number in [0, 1), a multiple of 2^-53 (all 53 bits random) */
  uniform(): number;
  /** @returns a standard normal number; polar method (Marsaglia and Bray 1964) */
  normal(): number;
  /**
   * @param n - a whole number from 1 to 2^32
   * @returns a whole number from 0 to n - 1, all equally likely (by rejection, so without modulo bias)
   */
  integer(n: number): number;
  /**
   * Fills an array with standard normal numbers, the same as one call of `normal` per entry.
   * @param out - the array, any length; overwritten
   */
  fillNormal(out: Float64Array): void;
  /**
   * Puts an array in random order, in place; every order is equally likely (Fisher and Yates, Durstenfeld 1964).
   * @param values - the array, any length; overwritten
   */
  shuffle(values: Int32Array): void;
  /**
   * @param weights - at least one number, none negative, not all zero; they need not sum to 1
   * @returns an index into `weights`, drawn in proportion to them
   */
  categorical(weights: ArrayLike<number>): number;
  /**
   * @param mean - at least 0
   * @returns a Poisson count; product of uniforms (Knuth 1969), so time grows with the mean
   */
  poisson(mean: number): number;
  /**
   * @param shape - above 0
   * @returns a gamma number with this shape and scale 1 (Marsaglia and Tsang 2000)
   */
  gamma(shape: number): number;
}

/**
 * Makes the random stream of a task from the seed of a run and the task's index, so that a task draws the same
 * numbers wherever and whenever it runs.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna 2021), whose 2^128 - 1 states form one cycle. The start
 * state is the seed and the indices absorbed one by one, 64 bits each, into 128 bits through the 12-round
 * Chaskey permutation (Mouha et al. 2014), beginning from the number of indices. As every step is a
 * permutation, two streams that differ in one number only never share a start state; any others share one with
 * probability 2^-128. Streams start at random points of the cycle, so of N streams of length L any two overlap
 * with probability below N^2 L / 2^128: 3e-15 for a million streams of 10^12 numbers each. (Jumps of 2^64 would make
 * it zero for one index, but cost time in proportion to the index and allow no nested ones.)
 * @param seed - any safe integer, negative ones too
 * @param index - safe integers that name the task, e.g. stage and start; `createStream(1)` and
 *   `createStream(1, 0)` differ
 * @returns a new stream at its beginning
 * @throws RangeError when the seed or an index is not a safe integer
 */
export function createStream(seed: number, ...index: number[]): RandomStream {
  return new XoroshiroStream(startState(seed, index));
}

const TWO_32 = 2 ** 32;

/** 128 bits of state, as the four 32-bit words of xoroshiro128+. */
function startState(seed: number, index: readonly number[]): Int32Array {
  const state = new Int32Array(4);
  // Decimals of pi: any constants will do that keep a short tuple from being the zero-padded form of a longer one.
  state[0] = 0x243f6a88;
  state[1] = 0x85a308d3;
  state[2] = 0x13198a2e ^ index.length;
  state[3] = 0x03707344;
  absorb(state, seed, "seed");
  for (const value of index) absorb(state, value, "index");
  // The zero state is the generator's only fixed point.
  if ((state[0] | state[1] | state[2] | state[3]) === 0) state[0] = 1;
  return state;
}

function absorb(state: Int32Array, value: number, name: string): void {
  if (!Number.isSafeInteger(value))
    throw new RangeError(`createStream: ${name} is ${value}, expected a whole number within 2^53`);
  state[0]! ^= (value % TWO_32) | 0;
  state[1]! ^= Math.floor(value / TWO_32) | 0;
  permute(state);
}

/** The Chaskey permutation with 12 rounds (Mouha et al. 2014). */
function permute(state: Int32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let round = 0; round < 12; round++) {
    a = (a + b) | 0;
    b = rotate(b, 5) ^ a;
    a = rotate(a, 16);
    c = (c + d) | 0;
    d = rotate(d, 8) ^ c;
    a = (a + d) | 0;
    d = rotate(d, 13) ^ a;
    c = (c + b) | 0;
    b = rotate(b, 7) ^ c;
    c = rotate(c, 16);
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

class XoroshiroStream implements RandomStream {
  private readonly generator: ReturnType<typeof xoroshiro128plusFromState>;
  /** The second normal number of the last pair; NaN when it has been used. */
  private spare = Number.NaN;

  constructor(state: Int32Array) {
    this.generator = xoroshiro128plusFromState(Array.from(state));
  }

  uniform(): number {
    // High bits of each word: the lowest bits of xoroshiro128+ are its weakest.
    const high = this.generator.next() >>> 5;
    const low = this.generator.next() >>> 6;
    return (high * 67108864 + low) * 1.1102230246251565e-16;
  }

  normal(): number {
    const spare = this.spare;
    if (!Number.isNaN(spare)) {
      this.spare = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const radius = x * x + y * y;
      if (radius >= 1 || radius === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(radius)) / radius);
      this.spare = y * scale;
      return x * scale;
    }
  }

  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= TWO_32))
      throw new RangeError(`integer: n is ${n}, expected a whole number from 1 to 2^32`);
    return uniformInt(this.generator, 0, n - 1);
  }

  fillNormal(out: Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.normal();
  }

  shuffle(values: Int32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const value = values[i]!;
      values[i] = values[j]!;
      values[j] = value;
    }
  }

  categorical(weights: ArrayLike<number>): number {
    let total = 0;
    for (let k = 0; k < weights.length; k++) {
      if (!(weights[k]! >= 0))
        throw new RangeError(`categorical: weight ${k} is ${weights[k]}, expected at least 0`);
      total += weights[k]!;
    }
    if (!(total > 0 && total < Number.POSITIVE_INFINITY))
      throw new RangeError(`categorical: the weights sum to ${total}, expected a number above 0`);
    let left = this.uniform() * total;
    let last = 0;
    for (let k = 0; k < weights.length; k++) {
      if (weights[k] === 0) continue;
      last = k;
      left -= weights[k]!;
      if (left < 0) return k;
    }
    // Rounding can leave a sliver above the sum; it belongs to the last category that can occur.
    return last;
  }

  poisson(mean: number): number {
    if (!(mean >= 0 && mean < Number.POSITIVE_INFINITY))
      throw new RangeError(`poisson: mean is ${mean}, expected at least 0`);
    let count = 0;
    // Sums of Poisson counts are Poisson: pieces of at most 500 keep exp(-piece) from underflowing.
    for (let rest = mean; rest > 0; rest -= 500) {
      const limit = Math.exp(-Math.min(rest, 500));
      for (let product = this.uniform(); product > limit; product *= this.uniform()) count++;
    }
    return count;
  }

  gamma(shape: number): number {
    if (!(shape > 0 && shape < Number.POSITIVE_INFINITY))
      throw new RangeError(`gamma: shape is ${shape}, expected above 0`);
    // For a shape below 1: Gamma(shape + 1) times U^(1 / shape).
    if (shape < 1) return this.gamma(shape + 1) * Math.exp(Math.log(1 - this.uniform()) / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      // 1 - U lies in (0, 1], so the logarithm is finite.
      if (Math.log(1 - this.uniform()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
    }
  }
}
