import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { buildMoments, type MomentRows, type Moments } from "../../../src/models/design/moments.js";
import { buildRowData, type RowData } from "../../../src/models/design/rowData.js";
import { createObjective } from "../../../src/models/fit/objective.js";
import { sumScoreProducts } from "../../../src/models/fit/scoreProducts.js";
import { commonKernel, isCommonKernelModel } from "../../../src/models/kernels/common.js";
import { generalKernel } from "../../../src/models/kernels/general.js";
import { oneClassKernel } from "../../../src/models/kernels/oneClass.js";
import { rowsKernel } from "../../../src/models/kernels/rows.js";
import type { Kernel } from "../../../src/models/kernels/types.js";
import { type ModelShape, modelShapes, type RandomModel, randomModel } from "./randomModel.js";

const RUNS = { numRuns: 25, seed: 20261123 };

/** All that a kernel says of a point, part by part. */
interface Answer {
  readonly value: Float64Array;
  readonly gradient: Float64Array;
  readonly information: Float64Array;
  /** Persons x K, in the order of the moments. */
  readonly posteriors: Float64Array;
}

function answer(kernel: Kernel, model: RandomModel, nPersons: number): Answer {
  const posteriors = new Float64Array(nPersons * model.layout.nClasses);
  const objective = createObjective(kernel, model.layout);
  const { value, gradient, information } = objective.evaluate(model.x, true);
  objective.evaluatePosteriors(model.x, posteriors);
  return { value: Float64Array.of(value), gradient, information: information!, posteriors };
}

function expectSame(actual: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  const size = Math.max(1, ...expected.map(Math.abs));
  expect(actual.length, what).toBe(expected.length);
  const differences = actual.map((value, j) => Math.abs(value - expected[j]!));
  // One assertion, for speed; NaN fails it.
  expect(Math.max(0, ...differences), what).toBeLessThanOrEqual(tolerance * size);
}

function expectSameAnswer(actual: Answer, expected: Answer, tolerance: number): void {
  for (const part of ["value", "gradient", "information"] as const)
    expectSame(actual[part], expected[part], tolerance, part);
}

const KERNELS: Record<
  string,
  {
    limits: Partial<ModelShape>;
    make: (model: RandomModel, moments: Moments, rowData: RowData | null) => Kernel;
  }
> = {
  "one class": {
    limits: { nClasses: 1 },
    make: ({ fixed }, moments) => oneClassKernel({ ...moments, nMembership: 1 }, fixed, false),
  },
  "common, with covariates": {
    limits: {
      covariance: "equal",
      residual: "common",
      specificTimeOnly: true,
      nMembership: 2,
      nPersonColumns: 2,
    },
    make: ({ fixed, layout }, moments) => {
      expect(isCommonKernelModel(fixed, layout.commonCovariance)).toBe(true);
      return commonKernel(moments, fixed, layout.nClasses);
    },
  },
  "common, plain": {
    limits: {
      covariance: "equal",
      residual: "common",
      specificTimeOnly: true,
      nMembership: 1,
      nPersonColumns: 1,
    },
    make: ({ fixed, layout }, moments) => commonKernel(moments, fixed, layout.nClasses),
  },
  general: {
    limits: {},
    make: ({ fixed, layout }, moments) => generalKernel(moments, fixed, layout.nClasses),
  },
  rows: {
    limits: { residual: "car1+class+occasion" },
    make: ({ fixed, layout }, moments, rowData) =>
      rowsKernel(moments, rowData!, fixed, { ...layout, reml: false }),
  },
  "rows, free loadings": {
    limits: { latent: true, residual: "common" },
    make: ({ fixed, layout }, moments, rowData) =>
      rowsKernel(moments, rowData!, fixed, { ...layout, reml: false }),
  },
};

/** Data with people written out; `source[i]` is the person a copy stems from. */
interface Repeated {
  readonly moments: Moments;
  readonly rowData: RowData | null;
  readonly source: readonly number[];
}

/** People written out as often as their weights say. */
function repeatPeople(model: RandomModel, weights: Float64Array): Repeated {
  const { rows, rowData, occasion, lag } = model;
  const source = Array.from(weights).flatMap((w, i) => new Array<number>(w).fill(i));
  const rowsOf = (i: number): number[] =>
    Array.from(
      { length: rows.personStart[i + 1]! - rows.personStart[i]! },
      (_, r) => rows.personStart[i]! + r,
    );
  const kept = source.flatMap(rowsOf);
  const starts = [0];
  for (const i of source) starts.push(starts.at(-1)! + rowsOf(i).length);
  const pick = (column: Float64Array, at: number[]): Float64Array => Float64Array.from(at, (r) => column[r]!);
  const long: MomentRows = {
    ...rows,
    personStart: Int32Array.from(starts),
    personIndex: Int32Array.from(source, (_, i) => i),
    basis: rows.basis.map((column) => pick(column, kept)),
    outcome: pick(rows.outcome, kept),
    person: rows.person.map((column) => pick(column, source)),
    membership: rows.membership.map((column) => pick(column, source)),
    ...(rows.alsoAlike === undefined
      ? {}
      : { alsoAlike: rows.alsoAlike.map((column) => pick(column, kept)) }),
  };
  const moments = buildMoments(long);
  if (rowData === null) return { moments, rowData, source };
  const { nOccasions, latentBasis } = rowData;
  const columns = { occasion: pick(occasion, kept), lag: pick(lag, kept), nOccasions, latentBasis };
  return { moments, rowData: buildRowData(long, moments, columns), source };
}

/** Weights 0 .. 3 by person of the rows, at least one above zero. */
function drawWeights(shape: ModelShape): Float64Array {
  const stream = createStream(shape.seed, 78);
  const weights = Float64Array.from({ length: shape.nPersons }, () => stream.integer(4));
  weights[0] = Math.max(weights[0]!, 1);
  return weights;
}

/** Weights by person of the rows, put in the order of the moments. */
function weigh(moments: Moments, byPerson: ArrayLike<number>): Moments {
  return { ...moments, weights: Float64Array.from(moments.personIndex, (i) => byPerson[i]!) };
}

describe.each(Object.entries(KERNELS))("%s kernel", (_, { limits, make }) => {
  const shapes = modelShapes(limits);

  test("weights of one are no weights", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const ones = { ...model.moments, weights: new Float64Array(shape.nPersons).fill(1) };
        const none = answer(make(model, model.moments, model.rowData), model, shape.nPersons);
        const weighted = answer(make(model, ones, model.rowData), model, shape.nPersons);
        expectSameAnswer(weighted, none, 1e-12);
        expectSame(weighted.posteriors, none.posteriors, 1e-14, "posteriors");
      }),
      RUNS,
    );
  });

  test("whole weights are people repeated as often, 0 people left out", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const weights = drawWeights(shape);
        const repeated = repeatPeople(model, weights);
        const n = repeated.source.length;
        const long = answer(make(model, repeated.moments, repeated.rowData), model, n);
        const short = answer(
          make(model, weigh(model.moments, weights), model.rowData),
          model,
          shape.nPersons,
        );
        expectSameAnswer(short, long, 1e-10);
        const position = new Map(Array.from(model.moments.personIndex, (person, at) => [person, at]));
        const k = shape.nClasses;
        repeated.moments.personIndex.forEach((copy, at) => {
          const own = position.get(repeated.source[copy]!)!;
          expectSame(
            short.posteriors.subarray(own * k, (own + 1) * k),
            long.posteriors.subarray(at * k, (at + 1) * k),
            1e-12,
            "posterior",
          );
        });
      }),
      RUNS,
    );
  });

  test("a person of weight 0 spoils nothing, however far out their scores", () => {
    const [shape] = fc.sample(shapes, { numRuns: 1, seed: RUNS.seed });
    const model = randomModel(shape!);
    const last = model.moments.nPersons - 1;
    const weights = new Float64Array(model.moments.nPersons).fill(1);
    weights[last] = 0;
    const moments = { ...model.moments, weights };
    const sound = createObjective(make(model, moments, model.rowData), model.layout).evaluate(model.x, true);
    const yy = moments.yy.slice();
    const by = moments.by.slice();
    yy[last] = Number.POSITIVE_INFINITY;
    by.fill(1e200, last * moments.nBasis);
    const rowData = model.rowData === null ? null : { ...model.rowData, y: model.rowData.y.slice() };
    rowData?.y.fill(1e200, rowData.personRow[last]);
    const spoilt = createObjective(make(model, { ...moments, yy, by }, rowData), model.layout);
    expect(spoilt.evaluate(model.x, true)).toEqual(sound);
  });

  test("posteriors are those of the person, whatever the weight", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const weighted = weigh(model.moments, drawWeights(shape));
        const expected = answer(make(model, model.moments, model.rowData), model, shape.nPersons);
        const actual = answer(make(model, weighted, model.rowData), model, shape.nPersons);
        expectSame(actual.posteriors, expected.posteriors, 1e-14, "posteriors");
      }),
      RUNS,
    );
  });

  test("half a weight for everybody halves everything", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const halves = { ...model.moments, weights: new Float64Array(shape.nPersons).fill(0.5) };
        const whole = answer(make(model, model.moments, model.rowData), model, shape.nPersons);
        const half = answer(make(model, halves, model.rowData), model, shape.nPersons);
        const doubled = {
          ...half,
          value: half.value.map((v) => 2 * v),
          gradient: half.gradient.map((v) => 2 * v),
          information: half.information.map((v) => 2 * v),
        };
        expectSameAnswer(doubled, whole, 1e-12);
      }),
      RUNS,
    );
  });

  test("the gradient agrees with differences of the weighted log-likelihood", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const stream = createStream(shape.seed, 79);
        const weights = Array.from({ length: shape.nPersons }, () => 2 * stream.uniform());
        const objective = createObjective(
          make(model, weigh(model.moments, weights), model.rowData),
          model.layout,
        );
        const { gradient } = objective.evaluate(model.x, false);
        const size = Math.max(1, ...gradient.map(Math.abs));
        gradient.forEach((value, j) => {
          const at = (step: number): number => {
            const moved = model.x.slice();
            moved[j]! += step;
            return objective.evaluate(moved, false).value;
          };
          const numerical = (8 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3;
          expect(Math.abs(value - numerical), `gradient ${j}`).toBeLessThanOrEqual(1e-6 * size);
        });
      }),
      RUNS,
    );
  });
});

describe("restricted maximum likelihood", () => {
  const remlKernel = ({ fixed, layout }: RandomModel, moments: Moments, rowData: RowData | null): Kernel =>
    rowData === null
      ? oneClassKernel(moments, fixed, true)
      : rowsKernel(moments, rowData, fixed, { ...layout, reml: true });

  test.each(["common", "car1+occasion"])("%s: whole weights are people repeated as often", (residual) => {
    const shapes = modelShapes({
      nClasses: 1,
      nPersons: 12,
      extraBasis: 1,
      nPersonColumns: 1,
      nMembership: 1,
      residual,
    });
    fc.assert(
      fc.property(shapes, (shape) => {
        const model = randomModel(shape);
        const weights = drawWeights(shape).map((w) => w + 1);
        const repeated = repeatPeople(model, weights);
        const long = answer(
          remlKernel(model, repeated.moments, repeated.rowData),
          model,
          repeated.source.length,
        );
        const short = answer(
          remlKernel(model, weigh(model.moments, weights), model.rowData),
          model,
          shape.nPersons,
        );
        expectSameAnswer(short, long, 1e-10);
      }),
      RUNS,
    );
  });
});

test.each(["common", "car1+class"])(
  "%s residuals: the middle of the sandwich counts people as often as their weights say",
  (residual) => {
    fc.assert(
      fc.property(modelShapes({ residual }), (shape) => {
        const model = randomModel(shape);
        const weights = drawWeights(shape);
        const { moments, rowData } = repeatPeople(model, weights);
        const { fixed, layout, x } = model;
        const data = {
          fixed,
          orderBasis: new Float64Array(0),
          orderPerson: new Float64Array(0),
          orderOccasion: -1,
          clusters: null,
        };
        const weighted = { ...data, moments: weigh(model.moments, weights), rows: model.rowData };
        const short = sumScoreProducts(weighted, layout, x)!;
        const long = sumScoreProducts({ ...data, moments, rows: rowData }, layout, x)!;
        expectSame(short, long, 1e-10, "score products");
      }),
      RUNS,
    );
  },
);
