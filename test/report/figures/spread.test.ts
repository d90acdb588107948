import fc from "fast-check";
import { expect, test } from "vitest";
import { spreadLabels } from "../../../src/report/figures/spread.js";

test("labels that already have room stay where they are", () => {
  expect(spreadLabels([100, 10, 50], 14, 0, 200)).toEqual([100, 10, 50]);
});

test("two labels at one place move apart equally", () => {
  expect(spreadLabels([50, 50], 14, 0, 200)).toEqual([43, 57]);
});

test("labels keep their order, their distance and their bounds", () => {
  const places = fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(places, (wanted) => {
      const got = spreadLabels(wanted, 16, 5, 395);
      const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
      order.forEach((index, rank) => {
        expect(got[index]!).toBeGreaterThanOrEqual(5 - 1e-9);
        expect(got[index]!).toBeLessThanOrEqual(395 + 1e-9);
        if (rank > 0) expect(got[index]! - got[order[rank - 1]!]!).toBeGreaterThanOrEqual(16 - 1e-6);
      });
    }),
  );
});

test("more labels than fit share the room", () => {
  const got = spreadLabels([5, 5, 5, 5, 5], 100, 0, 200);
  expect(got).toEqual([0, 50, 100, 150, 200]);
});
