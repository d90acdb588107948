import { expect, test } from "vitest";
import { createStream } from "../../src/core/random.js";
import { columnFromArray } from "../../src/core/table.js";
import { threeStep } from "../../src/models/threeStep.js";

// Two classes seen through one noisy normal measurement, so that about one person in seven is misclassified; the
// true log odds ratio of x is 1. Uncorrected estimates shrink towards zero, corrected ones must not.
const TRUE_LOG_ODDS = 1;
const COHORTS = 200;
const PERSONS = 400;

function cohort(seed: number): {
  fit: Parameters<typeof threeStep>[0];
  persons: Parameters<typeof threeStep>[1];
} {
  const random = createStream(7, seed);
  const x = Float64Array.from({ length: PERSONS }, () => random.normal());
  const values = new Float64Array(2 * PERSONS);
  const modalClass = new Int32Array(PERSONS);
  x.forEach((value, i) => {
    const second = random.uniform() < 1 / (1 + Math.exp(-TRUE_LOG_ODDS * value));
    const measurement = random.normal() + (second ? 1.1 : -1.1);
    // Equal class sizes by symmetry: the posterior of the class model that knows no x.
    const posterior = 1 / (1 + Math.exp(-2.2 * measurement));
    values[2 * i] = 1 - posterior;
    values[2 * i + 1] = posterior;
    modalClass[i] = posterior > 0.5 ? 2 : 1;
  });
  const personIds = Array.from(x, (_, i) => String(i));
  return {
    fit: { posteriors: { personIds, nClasses: 2, values, modalClass } },
    persons: { nPersons: PERSONS, personIds, columns: new Map([["x", columnFromArray(x)]]) },
  };
}

test("intervals of the corrected odds ratio hold the truth 95 times in 100, those of the uncorrected do not", () => {
  const covered = { ml: 0, bch: 0, none: 0 };
  const mean = { ml: 0, bch: 0, none: 0 };
  for (let seed = 0; seed < COHORTS; seed++) {
    const { fit, persons } = cohort(seed);
    for (const correction of ["ml", "bch", "none"] as const) {
      const { oddsRatios } = threeStep(fit, persons, { formula: "x", correction });
      const row = oddsRatios.find((r) => r.term === "x" && r.outcome === "Class 2")!;
      mean[correction] += row.logOdds / COHORTS;
      if (row.lower! <= Math.exp(TRUE_LOG_ODDS) && Math.exp(TRUE_LOG_ODDS) <= row.upper!)
        covered[correction]++;
    }
  }
  // Binomial(200, 0.95) lies between 181 and 198 with probability 0.997.
  for (const correction of ["ml", "bch"] as const) {
    expect(covered[correction]).toBeGreaterThanOrEqual(181);
    expect(covered[correction]).toBeLessThanOrEqual(199);
    expect(Math.abs(mean[correction] - TRUE_LOG_ODDS)).toBeLessThan(0.06);
  }
  expect(covered.none).toBeLessThan(150);
  expect(mean.none).toBeLessThan(0.8);
});
