import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../src/core/random.js";
import { tableFromArrays } from "../../src/core/table.js";
import { basisAtTimes, buildDesign, type Design } from "../../src/models/design.js";
import { type ModelSpecInput, resolveSpec } from "../../src/models/spec.js";
import { cohort, ordinary, problemsOf, withColumns } from "./helpers.js";

const table = withColumns(cohort(40, 5, ordinary), {
  age: (_row, _r, person) => 30 + person,
  grp: (_row, _r, person) => (person % 2 === 0 ? "a" : "b"),
  mood: (row, r) => Math.sin(r) + (row.time ?? 0),
  site: (_row, r) => ["x", "y", "z"][r % 3]!,
  twice: (row) => 2 * row.time!,
  three: () => 3,
});

function design(spec: Partial<ModelSpecInput>, data = table): Design {
  return buildDesign(data, resolveSpec({ outcome: "score", time: "time", ...spec }));
}

const names = (d: Design): string[] => d.stored.fixedColumns.map((column) => column.name);

describe("terms become basis and person columns", () => {
  test("what varies within persons is basis, what does not is person-level", () => {
    const d = design({ fixed: "1 + time + mood + grp + age + age:time + site", random: "1 + time" });
    expect(d.stored.basisNames).toEqual(["(Intercept)", "time", "mood", "site[y]", "site[z]"]);
    expect(d.stored.personNames).toEqual(["(Intercept)", "grp[b]", "age"]);
    expect(d.stored.nRandom).toBe(2);
    expect([...d.stored.personSymbols].sort()).toEqual(["age", "grp"]);
    expect(names(d)).toEqual([
      "(Intercept)",
      "time",
      "mood",
      "grp[b]",
      "age",
      "site[y]",
      "site[z]",
      "age:time",
    ]);
  });

  test("random effects come first in the basis, also those without a fixed effect", () => {
    const d = design({ fixed: "1 + mood", random: "0 + time" });
    expect(d.stored.basisNames).toEqual(["time", "(Intercept)", "mood"]);
    expect(d.moments.nRandom).toBe(1);
  });

  test("class-specific by default are the terms of time alone", () => {
    const d = design({ fixed: "1 + time + time^2 + age + age:time + mood", classes: 2 });
    expect(d.stored.fixedColumns.filter((c) => c.classSpecific).map((c) => c.name)).toEqual([
      "(Intercept)",
      "time",
      "time^2",
    ]);
  });

  test("class-specific as named, whatever the order of an interaction", () => {
    const d = design({ fixed: "1 + time + age + age:time", classSpecific: "1 + time:age", classes: 2 });
    expect(d.stored.fixedColumns.filter((c) => c.classSpecific).map((c) => c.name)).toEqual([
      "(Intercept)",
      "age:time",
    ]);
  });

  test("a covariate that is missing in some rows of a person is still person-level", () => {
    const gaps = withColumns(table, { age: (row, r) => (r % 5 === 2 ? null : row.age!) });
    const d = design({ fixed: "1 + time + age" }, gaps);
    expect(d.stored.personNames).toContain("age");
    expect(d.ledger).toEqual({ read: 200, used: 200, setAside: [] });
  });

  test("identifiers are text, and time never counts as person-level", () => {
    const one = cohort(30, 1, ordinary);
    const d = design({ fixed: "1 + time" }, one);
    expect(d.stored.basisNames).toContain("time");
    expect(one.personIds[3]).toBe("p3");
  });
});

describe("columns that say nothing new", () => {
  test("are left out by name, with a warning each", () => {
    const d = design({ fixed: "1 + time + twice + three + age" });
    expect(names(d)).toEqual(["(Intercept)", "time", "age"]);
    expect(d.stored.dropped).toEqual(["twice", "three"]);
    expect(d.warnings).toHaveLength(2);
    expect(d.warnings[0]).toContain("twice = 2 × time");
    expect(d.warnings[1]).toContain("three = 3");
    expect(d.fixed.nFixed).toBe(3);
  });

  test("of membership too", () => {
    const d = design({ membership: "age + I(2 * age) + grp", classes: 2 });
    expect(d.stored.membershipNames).toEqual(["(Intercept)", "age", "grp[b]"]);
    expect(d.warnings).toHaveLength(1);
    expect(d.warnings[0]).toContain("I(2*age)");
  });

  test("time from far away is not taken for a constant", () => {
    const far = withColumns(table, { day: (row) => 20_000 + 30 * row.time! });
    const d = buildDesign(far, resolveSpec({ outcome: "score", time: "day", fixed: "1 + day + day^2" }));
    expect(d.stored.dropped).toEqual([]);
    expect(d.warnings).toEqual([]);
    expect(d.stored.centring!.centre).toBe(20_060);
  });

  test("a single time, or times around zero, are not called far", () => {
    for (const shift of [0, -2, 40])
      expect(
        design({ fixed: "1" }, withColumns(table, { time: (row) => row.time! + shift })).warnings,
      ).toEqual([]);
    expect(design({ fixed: "1" }, withColumns(table, { time: () => 2020 })).warnings).toEqual([]);
  });
});

describe("rows that cannot be used", () => {
  test("are counted with their reason, and read = used + set aside", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (seed, share) => {
          const stream = createStream(seed);
          const gap = <T>(value: T): T | null => (stream.uniform() < share ? null : value);
          const ageGap = new Set<number>();
          for (let i = 0; i < 40; i++) if (stream.uniform() < share) ageGap.add(i);
          const holes = withColumns(table, {
            score: (row) => gap(row.score!),
            mood: (row) => gap(row.mood!),
            age: (row, _r, person) => (ageGap.has(person) ? null : row.age!),
            grp: (_row, _r, person) => (ageGap.has(person + 1) ? null : "ab"[person % 2]!),
          });
          const spec = { fixed: "1 + time + mood + age + grp", random: "1 + time", membership: "age" };
          const d = design(spec, holes);
          const { read, used, setAside } = d.ledger;
          expect(read).toBe(200);
          expect(used + setAside.reduce((sum, s) => sum + s.rows, 0)).toBe(200);
          expect(used).toBe(d.used.nRows);
          expect(d.moments.nObservations).toBe(used);
          expect(new Set(setAside.map((s) => s.reason)).size).toBe(setAside.length);
          for (const { reason, persons, rows } of setAside) {
            expect(["missing score", "missing mood", "missing age", "missing grp"]).toContain(reason);
            if (persons !== undefined) expect(rows).toBe(5 * persons);
          }
          const expected = Array.from({ length: 40 }, (_, i) => i).filter(
            (i) => !ageGap.has(i) && !ageGap.has(i + 1),
          ).length;
          expect(d.moments.nPersons).toBeLessThanOrEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("nobody left is an error that says why", async () => {
    const none = withColumns(table, { score: () => Number.NaN });
    const [problem] = await problemsOf(() => design({}, none));
    expect(problem!.code).toBe("nobody-left");
    expect(problem!.message).toContain("200 rows with missing score");
    const empty = tableFromArrays([], { score: [], time: [] });
    expect((await problemsOf(() => design({}, empty)))[0]!.message).toContain("the table is empty");
  });

  test("a value that an expression cannot have is a missing value", () => {
    const d = design({ fixed: "1 + log(time)" });
    expect(d.ledger.setAside).toEqual([
      { reason: "missing log(time)", description: "missing log(time): the model needs it", rows: 40 },
    ]);
  });
});

describe("mistakes", () => {
  test("of all formulas are reported together", async () => {
    const problems = await problemsOf(() =>
      design({ fixed: "1 + (time", random: "1 + +", membership: "age +", classSpecific: "2" }),
    );
    expect(problems).toHaveLength(4);
    expect(problems.map((p) => p.where!.split(":")[0])).toEqual([
      "fixed",
      "random",
      "membership",
      "classSpecific",
    ]);
  });

  test("unknown columns are reported together, with the nearest name", async () => {
    const problems = await problemsOf(() =>
      buildDesign(
        table,
        resolveSpec({ outcome: "scroe", time: "tiem", fixed: "1 + tmie + agee", membership: "gpr" }),
      ),
    );
    expect(problems.map((p) => p.code)).toEqual(new Array(5).fill("missing-column"));
    expect(problems.map((p) => p.fix)).toEqual([
      'Did you mean "score"?',
      'Did you mean "time"?',
      'Did you mean "time"?',
      'Did you mean "age"?',
      'Did you mean "grp"?',
    ]);
  });

  test("an outcome of text is refused", async () => {
    const [problem] = await problemsOf(() => design({ outcome: "site" }));
    expect(problem).toMatchObject({ code: "not-numeric", where: "outcome", expected: "numbers" });
  });

  test.each([
    ["random-person-level", { random: "1 + age" }],
    ["not-person-level", { membership: "mood", classes: 2 }],
    ["membership-intercept", { membership: "0 + age", classes: 2 }],
    ["no-fixed-effects", { fixed: "0" }],
    ["class-specific-not-fixed", { classSpecific: "1 + mood", classes: 2 }],
    ["unseen-level", undefined],
  ])("%s", async (code, spec) => {
    if (spec !== undefined) {
      expect((await problemsOf(() => design(spec)))[0]!.code).toBe(code);
      return;
    }
    const fitted = design({ fixed: "1 + time + grp" });
    const other = withColumns(table, { grp: () => "c" });
    const [problem] = await problemsOf(() =>
      buildDesign(
        other,
        resolveSpec({ outcome: "score", time: "time", fixed: "1 + time + grp" }),
        fitted.stored,
      ),
    );
    expect(problem!.code).toBe(code);
  });

  test("a column that changed from numbers to text is refused when predicting", async () => {
    const spec = resolveSpec({ outcome: "score", time: "time", fixed: "1 + time + age" });
    const text = withColumns(table, { age: (_row, _r, person) => `${30 + person} years` });
    const [problem] = await problemsOf(() => buildDesign(text, spec, design({ fixed: spec.fixed }).stored));
    expect(problem!.code).toBe("different-design");
  });
});

describe("the basis at given times", () => {
  const at = (fixed: string, times: number[]): Record<string, number[]> => {
    const spec = resolveSpec({ outcome: "score", time: "time", fixed });
    const d = buildDesign(table, spec);
    const values = basisAtTimes(spec, d.stored, times);
    return Object.fromEntries(d.stored.basisNames.map((name, j) => [name, [...values[j]!]]));
  };

  test("powers of time", () => {
    expect(at("1 + time + time^2", [0, 2, 10])).toEqual({
      "(Intercept)": [1, 1, 1],
      time: [0, 2, 10],
      "time^2": [0, 4, 100],
    });
  });

  test("time-varying covariates are held at their mean over rows", () => {
    const mood = table.columns.get("mood")!;
    const mean = mood.kind === "numeric" ? mood.values.reduce((a, b) => a + b, 0) / 200 : 0;
    const values = at("1 + time + mood + mood:time + site", [0, 3]);
    expect(values.mood![0]).toBeCloseTo(mean, 12);
    expect(values["time:mood"] ?? values["mood:time"]).toEqual([0, 3 * values.mood![0]!]);
    expect(values["site[y]"]![0]).toBeCloseTo(67 / 200, 12);
  });

  test("covariates inside an expression with time are held at their mean, text at its mode", () => {
    const values = at('1 + I(time * age) + I(time * (grp == "a"))', [2]);
    expect(values["I(time*age)"]![0]).toBeCloseTo(2 * 49.5, 12);
    expect(values['I(time*(grp=="a"))']![0]).toBe(2);
  });

  test("factors of time and polynomials are coded as fitted", () => {
    expect(at("0 + factor(time)", [2])).toMatchObject({
      "factor(time)[0]": [0],
      "factor(time)[2]": [1],
    });
    const poly = at("poly(time, 2)", [0, 2, 4]);
    expect(poly["poly(time,2)1"]![1]).toBeCloseTo(0, 12);
    expect(poly["poly(time,2)1"]![0]).toBeCloseTo(-poly["poly(time,2)1"]![2]!, 12);
  });
});

test("REML with a latent basis among the fixed effects is refused", async () => {
  const [problem] = await problemsOf(() => design({ fixed: "1 + latent(time)", reml: true }));
  expect(problem).toMatchObject({ code: "reml-with-latent-basis", where: "term latent(time)" });
  expect(design({ fixed: "1 + latent(time)" }).rows!.latentBasis).toBe(1);
});
