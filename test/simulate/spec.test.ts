import { describe, expect, it } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { resolveSimulation, type SimulationInput } from "../../src/simulate/index.js";

/** The messages of the InputError that an input causes. */
function problems(input: SimulationInput): string[] {
  try {
    resolveSimulation(input);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map((problem) => problem.message);
    throw error;
  }
  return [];
}

describe("resolveSimulation", () => {
  it("fills every default and survives JSON", () => {
    const spec = resolveSimulation();
    expect(spec).toMatchObject({
      nPersons: 1000,
      seed: 1,
      separation: "realistic",
      rounding: true,
      dirty: 0,
    });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(resolveSimulation(spec)).toEqual(spec);
  });

  it("fills nested fields one by one", () => {
    const spec = resolveSimulation({ variation: { phq9: { slopeSd: 0.5 } }, sessions: { maximum: 5 } });
    const plain = resolveSimulation();
    expect(spec.variation.phq9).toEqual({ ...plain.variation.phq9, slopeSd: 0.5 });
    expect(spec.variation.gad7).toEqual(plain.variation.gad7);
    expect(spec.sessions).toEqual({ minimum: 1, mean: 5, maximum: 5 });
    expect(resolveSimulation({ sessions: { mean: 20 } }).sessions).toEqual({
      minimum: 1,
      mean: 20,
      maximum: 35,
    });
    expect(resolveSimulation({ sessions: { minimum: 20 } }).sessions).toEqual({
      minimum: 20,
      mean: 20,
      maximum: 20,
    });
  });

  it("every preset is valid, with proportions that sum to 1", () => {
    for (const separation of ["well-separated", "realistic", "overlapping"] as const) {
      const { classes } = resolveSimulation({ separation });
      expect(classes.reduce((sum, each) => sum + each.proportion, 0)).toBeCloseTo(1, 12);
    }
  });

  it("own classes come without the preset's effects on class", () => {
    const flat = { intercept: 10, slope: 0, curvature: 0 };
    const spec = resolveSimulation({ classes: [{ name: "all", proportion: 1, phq9: flat, gad7: flat }] });
    expect(spec.effects.class).toEqual({});
  });

  it("reports every mistake at once", () => {
    const flat = { intercept: Number.NaN, slope: 0, curvature: 0 };
    const found = problems({
      nPersons: 0.5,
      seed: Number.NaN,
      classes: [{ name: "a", proportion: 0.7, phq9: flat, gad7: { ...flat, intercept: 3 } }],
      sessions: { minimum: 3, maximum: 2, mean: 9 },
      missedShare: 1,
      weeksBetween: { mean: 0 },
      dropout: { rate: 2 },
      dirty: -0.1,
      variation: { betweenMeasures: 1.2, gad7: { residualSd: -1 } },
      effects: { class: { female: [0.5] } },
    });
    for (const name of [
      "nPersons is 0.5",
      "seed is NaN",
      "proportions are 0.7",
      "classes[0].phq9.intercept is NaN",
      "sessions.maximum is 2",
      "sessions.mean is 9",
      "missedShare is 1",
      "weeksBetween.mean is 0",
      "dropout.rate is 2",
      "dirty is -0.1",
      "variation.betweenMeasures is 1.2",
      "variation.gad7.residualSd is -1",
      "effects.class.female is [0.5]",
    ])
      expect(found.some((message) => message.includes(name))).toBe(true);
    expect(found).toHaveLength(13);
  });

  it("suggests the name that was meant", () => {
    expect(() => resolveSimulation({ separation: "realstic" as "realistic" })).toThrow(
      /Did you mean realistic/,
    );
    const slope = { femal: 0.1 } as { female?: number };
    expect(() => resolveSimulation({ effects: { phq9: { slope } } })).toThrow(
      /effects\.phq9\.slope names femal.*Did you mean female/,
    );
  });
});
