import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStream, type RandomStream } from "../../src/core/random.js";

const draws = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

/** Mean of n draws and of their squares. */
function moments(n: number, draw: () => number): { mean: number; variance: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  return { mean: sum / n, variance: squares / n - (sum / n) ** 2 };
}

const safeInteger = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

// These numbers may change in a major version only: published analyses are rerun from their seeds.
describe("frozen sequences", () => {
  it("uniform", () => {
    expect(draws(5, createUniform(1))).toEqual([
      0.3600301572047919, 0.7860693367424915, 0.6694840819572005, 0.7142519607405068, 0.08794995277756434,
    ]);
    expect(draws(3, createUniform(20240607, 3, 17))).toEqual([
      0.2869681883747881, 0.05420647711369064, 0.8106932105839357,
    ]);
    expect(draws(2, createUniform(-1))).toEqual([0.027323016769354447, 0.5881425690209189]);
    expect(draws(2, createUniform(2 ** 40 + 1))).toEqual([0.36679815167960217, 0.8747858777481511]);
  });
  it("the other distributions", () => {
    const stream = createStream(1, 0);
    expect(draws(5, () => stream.normal())).toEqual([
      0.5614806098192398, -2.0656737014884228, -0.9633661946966825, -0.1577954969650097, 0.019764983536630098,
    ]);
    expect(draws(10, () => stream.integer(6))).toEqual([0, 4, 3, 5, 5, 1, 3, 2, 4, 4]);
    expect(draws(8, () => stream.categorical([0.2, 0.5, 0.3]))).toEqual([1, 1, 2, 1, 1, 2, 0, 2]);
    expect(draws(8, () => stream.poisson(4.5))).toEqual([4, 4, 4, 4, 2, 4, 5, 6]);
    expect(draws(3, () => stream.gamma(2.5))).toEqual([
      1.7339376934453763, 3.4574184411475963, 6.280295812400781,
    ]);
    expect(draws(2, () => stream.gamma(0.4))).toEqual([0.00003713521855513835, 0.606469529119351]);
    const order = Int32Array.from({ length: 10 }, (_, i) => i);
    stream.shuffle(order);
    expect([...order]).toEqual([1, 5, 6, 9, 0, 3, 7, 4, 8, 2]);
  });
});

function createUniform(seed: number, ...index: number[]): () => number {
  const stream = createStream(seed, ...index);
  return () => stream.uniform();
}

describe("streams", () => {
  it("the same seed and index give the same stream", () => {
    fc.assert(
      fc.property(safeInteger, fc.array(safeInteger, { maxLength: 3 }), (seed, index) => {
        expect(draws(4, createUniform(seed, ...index))).toEqual(draws(4, createUniform(seed, ...index)));
      }),
      { seed: 1 },
    );
  });
  it("start states never collide over seeds and indices near each other", () => {
    const seen = new Set<string>();
    let made = 0;
    const add = (...tuple: [number, ...number[]]): void => {
      const next = createUniform(...tuple);
      seen.add(`${next()} ${next()} ${next()}`);
      made++;
    };
    for (let seed = -50; seed < 50; seed++) {
      add(seed);
      for (let i = 0; i < 50; i++) add(seed, i);
      for (let i = 0; i < 10; i++) for (let j = 0; j < 10; j++) add(seed, i, j);
    }
    for (let i = 0; i < 1000; i++) add(2 ** 32 + i, i * 2 ** 32);
    expect(seen.size).toBe(made);
  });
  it("first numbers of neighbouring streams are uncorrelated and uniform", () => {
    const n = 100_000;
    const bins = new Float64Array(20);
    let product = 0;
    let previous = 0.5;
    for (let i = 0; i < n; i++) {
      const first = createStream(1, i).uniform();
      bins[Math.floor(first * 20)]!++;
      product += (first - 0.5) * (previous - 0.5);
      previous = first;
    }
    // Chi-square with 19 df: 0.1% point 43.8. The correlation has a standard error of 1/sqrt(n).
    expect(bins.reduce((sum, count) => sum + (count - n / 20) ** 2 / (n / 20), 0)).toBeLessThan(43.8);
    expect(Math.abs((12 * product) / n)).toBeLessThan(3.3 / Math.sqrt(n));
  });
  it("refuses what is not a safe integer", () => {
    expect(() => createStream(0.5)).toThrow(/seed is 0.5, expected a whole number/);
    expect(() => createStream(1, Number.NaN)).toThrow(/index is NaN/);
    expect(() => createStream(2 ** 53)).toThrow(RangeError);
  });
});

describe("distributions", () => {
  const n = 200_000;
  const stream: RandomStream = createStream(99);
  it("uniform lies in [0, 1) with mean 1/2 and variance 1/12, and uses all 53 bits", () => {
    let odd = 0;
    const { mean, variance } = moments(n, () => {
      const u = stream.uniform();
      if (!(u >= 0 && u < 1)) throw new Error(`out of range: ${u}`);
      const scaled = u * 2 ** 53;
      if (!Number.isInteger(scaled)) throw new Error(`not a multiple of 2^-53: ${u}`);
      odd += scaled % 2;
      return u;
    });
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.003);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.001);
    expect(Math.abs(odd / n - 0.5)).toBeLessThan(0.005);
  });
  it("normal has the right quantiles", () => {
    const points = [-1.959963985, -0.6744897502, 0, 0.6744897502, 1.959963985, 3.090232306];
    const shares = [0.025, 0.25, 0.5, 0.75, 0.975, 0.999];
    const below = new Float64Array(points.length);
    for (let i = 0; i < n; i++) {
      const z = stream.normal();
      for (let k = 0; k < points.length; k++) if (z < points[k]!) below[k]!++;
    }
    for (let k = 0; k < points.length; k++) {
      const p = shares[k]!;
      expect(Math.abs(below[k]! / n - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
    }
  });
  it("fillNormal is the same as single calls", () => {
    const filled = new Float64Array(7);
    createStream(5).fillNormal(filled);
    const single = createStream(5);
    expect([...filled]).toEqual(draws(7, () => single.normal()));
  });
  it("Poisson and gamma have their mean and variance", () => {
    for (const mean of [0.3, 4, 700]) {
      const size = mean > 100 ? 2000 : 50_000;
      const found = moments(size, () => stream.poisson(mean));
      expect(Math.abs(found.mean - mean)).toBeLessThan(4 * Math.sqrt(mean / size));
      expect(Math.abs(found.variance / mean - 1)).toBeLessThan(0.15);
    }
    for (const shape of [0.4, 1, 7]) {
      const found = moments(50_000, () => stream.gamma(shape));
      expect(Math.abs(found.mean - shape)).toBeLessThan(4 * Math.sqrt(shape / 50_000));
      expect(Math.abs(found.variance / shape - 1)).toBeLessThan(0.1);
    }
    expect(stream.poisson(0)).toBe(0);
  });
  it("integer covers its range evenly, also where 2^32 is not a multiple", () => {
    const counts = new Float64Array(7);
    for (let i = 0; i < 70_000; i++) counts[stream.integer(7)]!++;
    // Chi-square with 6 df: 0.1% point 22.5.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
    expect(stream.integer(1)).toBe(0);
    expect(stream.integer(2 ** 32)).toBeLessThan(2 ** 32);
  });
  it("categorical follows the weights and never picks weight 0", () => {
    const counts = new Float64Array(4);
    for (let i = 0; i < 40_000; i++) counts[stream.categorical([0, 3, 1, 0])]!++;
    expect([counts[0], counts[3]]).toEqual([0, 0]);
    expect(Math.abs(counts[1]! / 40_000 - 0.75)).toBeLessThan(0.01);
  });
  it("shuffle keeps the values and reaches every order equally often", () => {
    const orders = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const values = Int32Array.of(1, 2, 3, 4);
      stream.shuffle(values);
      orders.set(values.join(""), (orders.get(values.join("")) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    // Chi-square with 23 df: 0.1% point 49.7.
    const chiSquare = [...orders.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(49.7);
  });
  it("refuses impossible parameters", () => {
    expect(() => stream.integer(0)).toThrow(RangeError);
    expect(() => stream.integer(1.5)).toThrow(RangeError);
    expect(() => stream.categorical([])).toThrow(RangeError);
    expect(() => stream.categorical([0, 0])).toThrow(RangeError);
    expect(() => stream.categorical([1, -1])).toThrow(/weight 1 is -1/);
    expect(() => stream.poisson(-1)).toThrow(RangeError);
    expect(() => stream.gamma(0)).toThrow(RangeError);
  });
});
