import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { tableFromArrays } from "../../../src/core/table.js";
import { fit } from "../../../src/models/fitModel.js";
import { predict } from "../../../src/models/predict.js";
import type { FitResult } from "../../../src/models/result.js";
import { createRunner } from "../../../src/workers/index.js";
import { cohort, ordinary, problemsOf, QUICK, shuffledRows, twoKinds, withColumns } from "../helpers.js";

const base = { outcome: "score", time: "time", fixed: "1 + time", random: "1" };
const people = 120;
const table = withColumns(
  cohort(people, (i) => 2 + (i % 4), twoKinds, 9),
  {
    service: (_row, _r, person) => `s${person % 7}`,
    own: (_row, _r, person) => person,
  },
);
const robust = (result: FitResult): number[] => result.parameters.map((p) => p.robustStandardError!);

describe("cluster-robust standard errors", () => {
  test("with one cluster per person are the ordinary sandwich times the root of N / (N - 1)", async () => {
    const spec = { ...base, classes: 2 };
    const [plain, clustered] = [
      await fit(table, spec, QUICK),
      await fit(table, { ...spec, cluster: "own" }, QUICK),
    ];
    expect([plain.robust, plain.clusters]).toEqual(["person", null]);
    expect([clustered.robust, clustered.clusters]).toEqual(["cluster", { column: "own", count: people }]);
    const factor = Math.sqrt(people / (people - 1));
    robust(plain).forEach((value, i) => {
      expect(robust(clustered)[i]! / value).toBeCloseTo(factor, 10);
    });
    expect(clustered.internal).toEqual(plain.internal);
    expect(clustered.parameters.map((p) => p.standardError)).toEqual(
      plain.parameters.map((p) => p.standardError),
    );
  });

  test("of everybody copied into the same cluster are those of one copy", async () => {
    const ids = Array.from({ length: people }, (_, i) => `copy of ${table.personIds[i]!}`);
    const column = (name: string): (number | string)[] => {
      const found = table.columns.get(name)!;
      return found.kind === "numeric"
        ? [...found.values]
        : Array.from(found.codes, (code) => found.levels[code]!);
    };
    const rowIds = (names: readonly string[]): string[] =>
      names.flatMap((id, i) => new Array<string>(table.personStart[i + 1]! - table.personStart[i]!).fill(id));
    const twice = tableFromArrays(
      [...rowIds(table.personIds), ...rowIds(ids)],
      Object.fromEntries(
        ["time", "score", "service"].map((name) => [name, [...column(name), ...column(name)]]),
      ),
      "time",
    );
    const spec = { ...base, random: "1 + time", cluster: "service" };
    const [once, doubled] = [await fit(table, spec), await fit(twice, spec)];
    // Scores and information both double.
    robust(once).forEach((value, i) => {
      expect(robust(doubled)[i]! / value).toBeCloseTo(1, 5);
      expect(doubled.parameters[i]!.standardError! * Math.SQRT2).toBeCloseTo(
        once.parameters[i]!.standardError!,
        5,
      );
    });
  });

  test("do not depend on names of clusters, order of rows or workers", async () => {
    const spec = { ...base, classes: 2 };
    const numbered = withColumns(table, { code: (_row, _r, person) => -(person % 7) });
    const plain = robust(await fit(table, { ...spec, cluster: "service" }, QUICK));
    expect(robust(await fit(numbered, { ...spec, cluster: "code" }, QUICK))).toEqual(plain);
    robust(await fit(shuffledRows(table, 3), { ...spec, cluster: "service" }, QUICK)).forEach((value, i) => {
      expect(Math.abs(value / plain[i]! - 1)).toBeLessThan(1e-5);
    });
    const runner = createRunner(1);
    try {
      expect(robust(await fit(table, { ...spec, cluster: "service" }, { ...QUICK, runner }))).toEqual(plain);
    } finally {
      await runner.close();
    }
  });

  test("cover a level that people of one therapist share and the model leaves out", async () => {
    const [therapists, each, spread] = [60, 8, 2];
    const plain = cohort(therapists * each, 4, ordinary, 21);
    const levels = Array.from({ length: therapists }, (_, g) => spread * createStream(5, g).normal());
    const shared = withColumns(plain, {
      therapist: (_row, _r, person) => person % therapists,
      score: (row, _r, person) => row.score! + levels[person % therapists]!,
    });
    const own = (await fit(plain, base)).parameters[0]!.standardError!;
    const result = await fit(shared, { ...base, cluster: "therapist" });
    // Variance of a mean of levels, and what people and sessions add; the estimate from 60 clusters has an error of 9%.
    const expected = Math.sqrt(spread ** 2 / therapists + own ** 2);
    const intercept = result.parameters[0]!;
    expect(Math.abs(intercept.robustStandardError! / expected - 1)).toBeLessThan(0.25);
    expect(intercept.standardError!).toBeLessThan(0.7 * expected);
    expect(result.warnings.join(" ")).not.toContain("clusters");
  });

  test("of few clusters come with a warning, of one cluster there are none", async () => {
    const few = await fit(table, { ...base, cluster: "service" });
    expect(few.warnings.join(" ")).toMatch(/only 7 clusters of service/);
    const single = await fit(withColumns(table, { all: () => "one" }), { ...base, cluster: "all" });
    expect(single.robust).toBeNull();
    expect(robust(single)).toEqual(single.parameters.map(() => null));
    expect(single.warnings.join(" ")).toMatch(/one cluster of all/);
    expect(single.convergence.converged).toBe(true);
  });
});

describe("the cluster column", () => {
  test("may be missing: such people are set aside and counted, and are still predicted", async () => {
    const gaps = withColumns(table, {
      service: (_row, _r, person) => (person % 10 === 0 ? null : `s${person % 7}`),
    });
    const result = await fit(gaps, { ...base, cluster: "service" });
    expect(result.nPersons).toBe(people - 12);
    expect(result.rows.setAside).toMatchObject([{ reason: "missing service", persons: 12 }]);
    expect(predict(result, gaps).posteriors.personIds).toHaveLength(people);
    expect(predict(result, cohort(3, 4, ordinary)).posteriors.personIds).toHaveLength(3);
  });

  test("may be missing on some of a person's rows", async () => {
    const gaps = withColumns(table, {
      service: (_row, r, person) => (r % 2 === 0 ? null : `s${person % 7}`),
    });
    const result = await fit(gaps, { ...base, cluster: "service" });
    expect(result.nPersons).toBe(people);
    expect(robust(result)).toEqual(robust(await fit(table, { ...base, cluster: "service" })));
  });

  test("that differs within a person, is unknown, or goes with REML is refused", async () => {
    const moved = withColumns(table, {
      service: (row, _r, person) => (person === 5 && row.time! > 0 ? "other" : "s"),
    });
    expect(await problemsOf(() => fit(moved, { ...base, cluster: "service" }))).toMatchObject([
      { code: "several-clusters", message: "Person p5 has rows in several clusters." },
    ]);
    expect(await problemsOf(() => fit(table, { ...base, cluster: "servise" }))).toMatchObject([
      { code: "missing-column", where: "cluster", fix: 'Did you mean "service"?' },
    ]);
    expect(await problemsOf(() => fit(table, { ...base, cluster: "service", reml: true }))).toMatchObject([
      { code: "reml-with-clusters" },
    ]);
    expect(await problemsOf(() => fit(table, { ...base, cluster: 3 as unknown as string }))).toMatchObject([
      { code: "bad-text", where: "model: cluster" },
    ]);
  });
});
