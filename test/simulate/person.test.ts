import { describe, expect, it } from "vitest";
import {
  resolveSimulation,
  type SimulatedPerson,
  type SimulationInput,
  simulatePersons,
  simulateTable,
  simulationTruth,
} from "../../src/simulate/index.js";
import { COVARIATES } from "../../src/simulate/population.js";

/** Visits each person of a simulation. */
function visit(input: SimulationInput, look: (person: SimulatedPerson) => void): void {
  for (const person of simulatePersons(simulationTruth(resolveSimulation(input)))) look(person);
}

function values(input: SimulationInput, name: string): Float64Array {
  const column = simulateTable(input).table.columns.get(name);
  if (column?.kind !== "numeric") throw new Error(`no column ${name}`);
  return column.values;
}

/** No sessions missed, nobody drops out, everybody has n of them, scores as the model has them. */
const exact = (n: number): SimulationInput => ({
  sessions: { minimum: n, maximum: n },
  dropout: { rate: 0 },
  rounding: false,
  regular: true,
});

describe("streams of persons", () => {
  it("a person is the same whatever the size of the cohort and wherever one begins", () => {
    const small = simulateTable({ nPersons: 50, seed: 3 });
    const large = simulateTable({ nPersons: 200, seed: 3 });
    const rows = small.table.nRows;
    for (const [name, column] of small.table.columns) {
      const other = large.table.columns.get(name);
      if (column.kind !== "numeric" || other?.kind !== "numeric") throw new Error("not numeric");
      expect([...other.values.slice(0, rows)]).toEqual([...column.values]);
    }
    const truth = simulationTruth(resolveSimulation({ nPersons: 200, seed: 3 }));
    for (const person of simulatePersons(truth, 120, 121)) {
      const start = large.table.personStart[120]!;
      const phq9 = large.table.columns.get("phq9");
      if (phq9?.kind !== "numeric") throw new Error("not numeric");
      expect([...person.phq9.slice(0, person.nRows)]).toEqual([
        ...phq9.values.slice(start, large.table.personStart[121]!),
      ]);
    }
  });

  it("another seed gives other people", () => {
    expect(values({ nPersons: 20, seed: 1 }, "phq9")).not.toEqual(values({ nPersons: 20, seed: 2 }, "phq9"));
  });
});

describe("scores", () => {
  it("are whole numbers within the range of the measure, never -0", () => {
    for (const separation of ["realistic", "overlapping", "well-separated"] as const)
      for (const [name, maximum] of [
        ["phq9", 27],
        ["gad7", 21],
      ] as const) {
        const scores = values({ nPersons: 500, separation }, name);
        expect(scores.every((s) => Number.isInteger(s) && s >= 0 && s <= maximum && !Object.is(s, -0))).toBe(
          true,
        );
        expect(new Set(scores).size).toBeGreaterThan(maximum / 2);
      }
  });

  it("follow the class curves and the covariance of the truth exactly when they are not rounded", () => {
    const input: SimulationInput = {
      ...exact(5),
      nPersons: 6000,
      separation: "realistic",
      effects: { class: {}, phq9: { intercept: {}, slope: {} }, gad7: { intercept: {}, slope: {} } },
    };
    const spec = resolveSimulation(input);
    const truth = simulationTruth(spec);
    for (const measure of ["phq9", "gad7"] as const) {
      const n = new Float64Array(spec.classes.length);
      const sums = spec.classes.map(() => new Float64Array(5));
      const products = new Float64Array(25);
      visit(input, (person) => {
        const { intercept, slope, curvature } = spec.classes[person.classIndex]![measure];
        n[person.classIndex]!++;
        const deviations = Float64Array.from(
          { length: 5 },
          (_, t) => person[measure][t]! - intercept - slope * t - curvature * t * t,
        );
        for (let s = 0; s < 5; s++) {
          sums[person.classIndex]![s]! += deviations[s]!;
          for (let t = 0; t < 5; t++) products[5 * s + t]! += deviations[s]! * deviations[t]!;
        }
      });
      const [[a, b], [, d]] = truth.covariance[measure] as [[number, number], [number, number]];
      const expected = (s: number, t: number): number =>
        a + b * (s + t) + d * s * t + (s === t ? truth.residualVariance[measure] : 0);
      for (const [k, sum] of sums.entries())
        for (let t = 0; t < 5; t++)
          expect(Math.abs(sum[t]! / n[k]!)).toBeLessThan(4 * Math.sqrt(expected(t, t) / n[k]!));
      for (let s = 0; s < 5; s++)
        for (let t = 0; t < 5; t++) {
          // Variance of a sample covariance of normals: (v_ss v_tt + v_st^2) / n.
          const error = Math.sqrt((expected(s, s) * expected(t, t) + expected(s, t) ** 2) / 6000);
          expect(Math.abs(products[5 * s + t]! / 6000 - expected(s, t))).toBeLessThan(4 * error);
        }
    }
  });

  it("of the two measures go together as the correlations say", () => {
    const variation = {
      phq9: { interceptSd: 0, slopeSd: 0, residualSd: 2 },
      gad7: { interceptSd: 0, slopeSd: 0, residualSd: 3 },
      residualCorrelation: 0.5,
    };
    const input = { ...exact(1), nPersons: 10_000, separation: "well-separated", variation } as const;
    const spec = resolveSimulation(input);
    let product = 0;
    visit(input, (person) => {
      const own = spec.classes[person.classIndex]!;
      product += (person.phq9[0]! - own.phq9.intercept) * (person.gad7[0]! - own.gad7.intercept);
    });
    expect(Math.abs(product / 10_000 - 0.5 * 2 * 3)).toBeLessThan(4 * 6 * Math.sqrt(1.25 / 10_000));
  });
});

describe("covariates", () => {
  it("keep the class proportions and have the log odds of the truth", () => {
    const truth = simulationTruth(
      resolveSimulation({
        nPersons: 40_000,
        separation: "well-separated",
        effects: { class: { employed: [0, -0.9, 0.4], age: [0, 0.02, -0.03] } },
      }),
    );
    const counts = truth.spec.classes.map(() => 0);
    // With age held within five years of its reference, the odds ratio of `employed` is that of the truth.
    const table = truth.spec.classes.map(() => [0, 0]);
    for (const person of simulatePersons(truth)) {
      counts[person.classIndex]!++;
      if (Math.abs(person.covariates[0]! - 40) <= 5) table[person.classIndex]![person.covariates[3]!]!++;
    }
    for (const [k, { proportion }] of truth.spec.classes.entries())
      expect(Math.abs(counts[k]! / 40_000 - proportion)).toBeLessThan(
        4 * Math.sqrt((proportion * (1 - proportion)) / 40_000) + 0.004,
      );
    for (const k of [1, 2]) {
      const [a, b, c, d] = [table[k]![1]!, table[k]![0]!, table[0]![1]!, table[0]![0]!];
      const error = Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
      expect(Math.abs(Math.log((a * d) / (b * c)) - truth.classLogits.effects.employed![k]!)).toBeLessThan(
        4 * error,
      );
    }
  });

  it("change intercept and slope by their coefficients", () => {
    const input: SimulationInput = {
      ...exact(4),
      nPersons: 400,
      separation: "well-separated",
      variation: {
        phq9: { interceptSd: 0, slopeSd: 0, residualSd: 0 },
        gad7: { interceptSd: 0, slopeSd: 0, residualSd: 0 },
      },
      effects: { phq9: { intercept: { age: 0.1 }, slope: { female: -0.5, imd: 0.25 } } },
    };
    const spec = resolveSimulation(input);
    visit(input, (person) => {
      const [age, female, imd] = person.covariates;
      const { intercept, slope, curvature } = spec.classes[person.classIndex]!.phq9;
      for (let t = 0; t < 4; t++)
        expect(person.phq9[t]).toBeCloseTo(
          intercept + 0.1 * (age! - 40) + (slope - 0.5 * female! + 0.25 * (imd! - 5)) * t + curvature * t * t,
          10,
        );
    });
  });

  it("lie in their ranges", () => {
    visit({ nPersons: 3000 }, (person) => {
      const [age, female, imd, employed, ltc, medication] = person.covariates;
      expect(Number.isInteger(age) && age! >= 16 && age! <= 95).toBe(true);
      expect(Number.isInteger(imd) && imd! >= 1 && imd! <= 10).toBe(true);
      for (const flag of [female, employed, ltc, medication]) expect(flag === 0 || flag === 1).toBe(true);
    });
    expect(COVARIATES).toEqual(["age", "female", "imd", "employed", "ltc", "medication"]);
  });
});

describe("sessions", () => {
  it("differ in number, start at week 0, are missed as often as asked and at irregular weeks", () => {
    const numbers = new Set<number>();
    const gaps = new Set<number>();
    let missed = 0;
    let due = 0;
    visit({ nPersons: 4000, missedShare: 0.2, dropout: { rate: 0 } }, (person) => {
      numbers.add(person.nRows);
      expect([person.session[0], person.day[0], person.week[0]]).toEqual([1, 0, 0]);
      for (let r = 1; r < person.nRows; r++) {
        const skipped = person.session[r]! - person.session[r - 1]! - 1;
        missed += skipped;
        due += skipped + 1;
        gaps.add(person.day[r]! - person.day[r - 1]!);
        expect(person.day[r]!).toBeGreaterThan(person.day[r - 1]!);
        expect(person.week[r]!).toBeCloseTo(person.day[r]! / 7, 3);
      }
    });
    expect(numbers.size).toBe(16);
    expect(gaps.size).toBeGreaterThan(20);
    // Missed sessions after the last attended one are not seen, so the share is a little lower.
    expect(missed / due).toBeGreaterThan(0.17);
    expect(missed / due).toBeLessThan(0.205);
  });

  it("are a week apart and complete when regular", () => {
    visit({ nPersons: 300, regular: true, missedShare: 0.5 }, (person) => {
      for (let r = 0; r < person.nRows; r++) {
        expect(person.week[r]).toBe(r);
        expect(person.session[r]).toBe(r + 1);
      }
    });
  });

  it("end by dropout more often after a high score, as the strength says, and never below the minimum", () => {
    // So many are planned that nobody's plan ends early: who has two rows dropped out after the second.
    const input: SimulationInput = {
      nPersons: 20_000,
      sessions: { minimum: 2, mean: 300, maximum: 400 },
      missedShare: 0,
      dropout: { rate: 0.1, strength: 0.1 },
    };
    const stopped = new Float64Array(28);
    const seen = new Float64Array(28);
    visit(input, (person) => {
      expect(person.nRows).toBeGreaterThanOrEqual(2);
      const score = person.phq9[1]!;
      seen[score]!++;
      if (person.nRows === 2) stopped[score]!++;
    });
    let compared = 0;
    for (let score = 0; score <= 27; score++) {
      if (seen[score]! < 300) continue;
      const expected = 1 / (1 + Math.exp(-(Math.log(0.1 / 0.9) + 0.1 * (score - 10))));
      const error = Math.sqrt((expected * (1 - expected)) / seen[score]!);
      expect(Math.abs(stopped[score]! / seen[score]! - expected)).toBeLessThan(4 * error);
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });
});

describe("the realistic preset", () => {
  it("looks like NHS Talking Therapies", () => {
    let people = 0;
    let first = { phq9: 0, gad7: 0 };
    let sessions = 0;
    let eligible = 0;
    let reliablyRecovered = 0;
    visit({ nPersons: 20_000, seed: 7 }, ({ phq9, gad7, nRows }) => {
      people++;
      first = { phq9: first.phq9 + phq9[0]!, gad7: first.gad7 + gad7[0]! };
      sessions += nRows;
      const last = nRows - 1;
      if (nRows < 2 || (phq9[0]! < 10 && gad7[0]! < 8)) return;
      eligible++;
      const falls = [phq9[0]! - phq9[last]!, gad7[0]! - gad7[last]!] as const;
      const improved = (falls[0] >= 6 && falls[1] > -4) || (falls[1] >= 4 && falls[0] > -6);
      if (improved && phq9[last]! < 10 && gad7[last]! < 8) reliablyRecovered++;
    });
    expect(Math.abs(first.phq9 / people - 15)).toBeLessThan(0.3);
    expect(Math.abs(first.gad7 / people - 13.5)).toBeLessThan(0.3);
    expect(Math.abs(sessions / people - 7)).toBeLessThan(0.2);
    expect(reliablyRecovered / eligible).toBeGreaterThan(0.44);
    expect(reliablyRecovered / eligible).toBeLessThan(0.48);
  });
});
