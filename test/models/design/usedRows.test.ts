import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateExpression, parseExpression } from "../../../src/core/expression.js";
import { createStream } from "../../../src/core/random.js";
import {
  basisScale,
  basisValues,
  fillRows,
  type UsedRows,
  writeOutRows,
} from "../../../src/models/design/usedRows.js";

/** Rows with the powers 0 to 5 of time and a column that is written out, some of the table's rows or all of them. */
function randomRows(seed: number, some: boolean): UsedRows {
  const stream = createStream(seed);
  const n = 40;
  const draw = (): Float64Array => Float64Array.from({ length: n }, () => 10 * stream.normal());
  const picked = Int32Array.from({ length: n }, (_, r) => r).filter(() => stream.uniform() < 0.7);
  return {
    nRows: some ? picked.length : n,
    rows: some ? picked : null,
    outcome: draw(),
    time: draw(),
    centre: stream.normal(),
    basis: [0, 1, 2, 3, 4, 5].map((power) => ({ power })).concat(draw() as never),
  };
}

const cases = fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.boolean());

describe("rows used", () => {
  test("read stretch by stretch are those written out", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 7 }), ([seed, some], step) => {
        const used = randomRows(seed, some);
        const scale = {
          outcomeMean: 1.5,
          outcomeSd: 3,
          basis: used.basis.map((_, j) => basisScale(used, j)),
        };
        const all = writeOutRows(used, scale);
        for (let first = 0; first < used.nRows; first += step) {
          const end = Math.min(first + step, used.nRows);
          const basis = used.basis.map(() => new Float64Array(step));
          const outcome = new Float64Array(step);
          fillRows(used, scale, first, end, basis, outcome);
          expect(outcome.subarray(0, end - first)).toEqual(all.outcome.subarray(first, end));
          basis.forEach((column, j) => {
            expect(column.subarray(0, end - first)).toEqual(all.basis[j]!.subarray(first, end));
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  test("have powers of time to the digits of the same powers written as a formula", () => {
    fc.assert(
      fc.property(cases, ([seed, some]) => {
        const used = randomRows(seed, some);
        const at = used.rows ?? Int32Array.from({ length: used.nRows }, (_, r) => r);
        const values = Float64Array.from(at, (r) => used.time[r]! - used.centre);
        for (let power = 1; power <= 5; power++) {
          const columns = new Map([["t", { kind: "numeric" as const, values }]]);
          const written = evaluateExpression(parseExpression(`t^${power}`), columns, values.length);
          expect(basisValues(used, power)).toEqual(written);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("have unit mean square on the internal scale", () => {
    const used = randomRows(5, true);
    const scale = { outcomeMean: 0, outcomeSd: 1, basis: used.basis.map((_, j) => basisScale(used, j)) };
    for (const column of writeOutRows(used, scale).basis) {
      const meanSquare = column.reduce((sum, value) => sum + value * value, 0) / used.nRows;
      expect(meanSquare).toBeCloseTo(1, 12);
    }
  });
});
