import { beforeAll, describe, expect, test } from "vitest";
import {
  compareFits,
  DEFAULT_SELECTION_RULE,
  enumerate,
  enumerationKey,
} from "../../src/models/enumeration.js";
import type { EnumerationResult, FitResult, SelectionRule, Verdict } from "../../src/models/result.js";
import { cohort, expectAllFinite, problemsOf, QUICK, twoKinds } from "./helpers.js";

const table = cohort(90, 6, twoKinds);
const base = { outcome: "score", time: "time", fixed: "1 + time" };
const structures = [
  { name: "LCGA", spec: { ...base, random: "0" } },
  { name: "GMM", spec: { ...base, random: "1" } },
];

describe("an enumeration", () => {
  let result: EnumerationResult;
  beforeAll(async () => {
    result = await enumerate(table, { structures, classes: { from: 1, to: 3 } }, QUICK);
  });

  test("fits every structure with every number of classes, in order", () => {
    expect(result.rows.map((row) => `${row.structure} ${row.classes}`)).toEqual([
      "LCGA 1",
      "LCGA 2",
      "LCGA 3",
      "GMM 1",
      "GMM 2",
      "GMM 3",
    ]);
    expectAllFinite(result);
    result.rows.forEach((row, i) => {
      const own = result.fits[i]!;
      expect(own.model.classes).toBe(row.classes);
      expect(row.criteria).toEqual(own.criteria);
      expect(row.smallestAssigned).toBe(Math.min(...own.classes.map((c) => c.assigned)));
      expect(row.replicatedBest === null).toBe(row.classes === 1);
    });
  });

  test("chooses the lowest criterion among the eligible", () => {
    const eligible = result.rows.filter((row) => row.excludedBecause.length === 0);
    const best = Math.min(...eligible.map((row) => row.criteria.bic));
    expect(result.rows[result.chosen!]!.criteria.bic).toBe(best);
    expect(result.rows.map((row) => row.chosen)).toEqual(result.rows.map((_, i) => i === result.chosen));
    expect(result.rows[result.chosen!]).toMatchObject({ structure: "GMM", classes: 2 });
    expect(result.explanation).toContain("It chose GMM with 2 classes.");
    expect(result.explanation).toContain("lowest BIC");
  });

  test("each fit is that of enumerating its structure alone", async () => {
    const alone = await enumerate(
      table,
      { structures: [structures[1]!], classes: { from: 1, to: 2 } },
      QUICK,
    );
    expect(alone.fits[1]!.internal).toEqual(result.fits[4]!.internal);
  });

  test("splits of the fit with one class fewer are among the starts", () => {
    // Two splits for each class of the smaller model.
    for (const [at, splits] of [
      [1, 2],
      [2, 4],
    ] as const)
      expect(result.fits[at]!.starts!.tried).toBe(QUICK.startsInitial + splits);
  });

  test("from one random start, more classes still never fit worse", async () => {
    const { rows } = await enumerate(
      table,
      { structures: [structures[0]!], classes: { from: 1, to: 5 } },
      { startsInitial: 1, startsFinal: 1 },
    );
    for (let k = 1; k < rows.length; k++)
      expect(rows[k]!.logLikelihood).toBeGreaterThan(rows[k - 1]!.logLikelihood - 1e-6);
  });

  test("more classes never fit worse", () => {
    for (const at of [0, 3])
      for (const k of [1, 2])
        expect(result.rows[at + k]!.logLikelihood).toBeGreaterThan(
          result.rows[at + k - 1]!.logLikelihood - 1e-6,
        );
  });

  test("known fits are used as they are", async () => {
    const known = new Map(
      result.rows.map((row, i) => [enumerationKey(row.structure, row.classes), result.fits[i]!]),
    );
    const progress: string[] = [];
    const again = await enumerate(
      table,
      { structures, classes: { from: 1, to: 3 } },
      { ...QUICK, known, onProgress: (p) => progress.push(p.stage) },
    );
    expect(progress).toEqual([]);
    expect(again.fits.every((own, i) => own === result.fits[i])).toBe(true);
    expect(again.explanation).toBe(result.explanation);
  });

  test("cancelled before it began, it returns the known fits only", async () => {
    const controller = new AbortController();
    controller.abort();
    const known = new Map([["LCGA/2", result.fits[1]!]]);
    const { rows, chosen } = await enumerate(
      table,
      { structures, classes: { from: 1, to: 3 } },
      { ...QUICK, known, signal: controller.signal },
    );
    expect(rows.map((row) => `${row.structure} ${row.classes}`)).toEqual(["LCGA 2"]);
    expect(chosen).toBe(0);
  });

  test("cancelled on the way, it returns what was finished", async () => {
    const controller = new AbortController();
    const { rows } = await enumerate(
      table,
      { structures, classes: { from: 1, to: 3 } },
      {
        ...QUICK,
        signal: controller.signal,
        onProgress: ({ stage, done }) => {
          if (stage === "2 classes (of 3): finishing" && done === 1) controller.abort();
        },
      },
    );
    expect(rows.map((row) => row.classes)).toEqual([1, 2, 1]);
    rows.forEach((row) => {
      const whole = result.rows.find((r) => r.structure === row.structure && r.classes === row.classes)!;
      expect(row.logLikelihood).toBe(whole.logLikelihood);
    });
  });

  test("names with a slash are kept whole", async () => {
    const { rows } = await enumerate(
      table,
      { structures: [{ name: "a/b", spec: structures[0]!.spec }], classes: { from: 1, to: 1 } },
      QUICK,
    );
    expect(rows[0]!.structure).toBe("a/b");
  });
});

describe("the rule", () => {
  const verdict = (name: Verdict["name"]): Verdict => ({ name, sentence: "", advice: "" });
  /** As much of a fit as the comparison looks at. */
  const fake = (options: {
    classes: number;
    bic: number;
    smallest?: number;
    entropy?: number;
    replicated?: number;
    verdicts?: Verdict["name"][];
    converged?: boolean;
  }): FitResult =>
    ({
      model: { classes: options.classes, random: "1" },
      design: { nRandom: 1 },
      logLikelihood: -options.bic / 2,
      nParameters: 3,
      criteria: { bic: options.bic, aic: -options.bic, entropy: options.entropy ?? 0.9 },
      classes: Array.from({ length: options.classes }, () => ({
        proportion: options.smallest ?? 1 / options.classes,
        assigned: 10,
      })),
      starts: { finalists: 20, replicatedBest: options.replicated ?? 20 },
      convergence: {
        converged: options.converged ?? true,
        verdicts: (options.verdicts ?? ["converged"]).map(verdict),
      },
    }) as unknown as FitResult;
  const compare = (fits: FitResult[], rule: Partial<SelectionRule> = {}): EnumerationResult =>
    compareFits(
      fits.map((own) => ({ structure: "S", fit: own })),
      { ...DEFAULT_SELECTION_RULE, ...rule },
    );

  test.each<[string, Parameters<typeof fake>[0], Partial<SelectionRule>]>([
    ["smallest class 4.0% < 5%", { classes: 2, bic: 1, smallest: 0.04 }, {}],
    ["smallest class 6.0% < 7%", { classes: 2, bic: 1, smallest: 0.06 }, { minimumClassProportion: 0.07 }],
    ["entropy 0.60 < 0.8", { classes: 2, bic: 1, entropy: 0.6 }, { minimumEntropy: 0.8 }],
    ["best value not replicated", { classes: 2, bic: 1, replicated: 1 }, {}],
    ["stopped early", { classes: 2, bic: 1, converged: false, verdicts: ["stopped early"] }, {}],
    [
      "likelihood unbounded",
      { classes: 2, bic: 1, converged: false, verdicts: ["likelihood unbounded"] },
      {},
    ],
    ["class vanished", { classes: 2, bic: 1, verdicts: ["class vanished"] }, {}],
    ["not identified", { classes: 2, bic: 1, verdicts: ["converged on a boundary", "not identified"] }, {}],
  ])("passes over: %s", (reason, better, rule) => {
    const result = compare([fake({ classes: 1, bic: 100 }), fake(better)], rule);
    expect(result.rows[1]!.excludedBecause).toEqual([reason]);
    expect(result.chosen).toBe(0);
    expect(result.explanation).toContain(`Passed over although lower: S with 2 (${reason})`);
    expect(result.explanation).not.toMatch(/\d\.\d{5}/);
  });

  test("a boundary alone does not pass a model over", () => {
    const result = compare([fake({ classes: 2, bic: 1, verdicts: ["converged on a boundary"] })]);
    expect(result.chosen).toBe(0);
  });

  test("replication need not be asked for", () => {
    expect(compare([fake({ classes: 2, bic: 1, replicated: 1 })], { requireReplication: false }).chosen).toBe(
      0,
    );
  });

  test("another criterion may choose another model, and is named", () => {
    const fits = [fake({ classes: 1, bic: 100 }), fake({ classes: 2, bic: 1 })];
    expect(compare(fits).chosen).toBe(1);
    const other = compare(fits, { criterion: "aic" });
    expect(other.chosen).toBe(0);
    expect(other.explanation).toContain("lowest AIC");
  });

  test("nobody eligible: no choice, and it says so", () => {
    const result = compare([fake({ classes: 2, bic: 1, replicated: 0 })]);
    expect(result.chosen).toBeNull();
    expect(result.explanation).toContain("No model met it.");
  });

  test("the largest number tried is pointed out", () => {
    expect(compare([fake({ classes: 1, bic: 100 }), fake({ classes: 2, bic: 1 })]).explanation).toContain(
      "largest number of classes tried",
    );
    expect(compare([fake({ classes: 1, bic: 1 }), fake({ classes: 2, bic: 100 })]).explanation).not.toContain(
      "largest number of classes tried",
    );
  });

  test("of equals the first wins", () => {
    expect(compare([fake({ classes: 1, bic: 5 }), fake({ classes: 2, bic: 5 })]).chosen).toBe(0);
  });
});

describe("mistakes", () => {
  test.each([
    [0, 3],
    [3, 2],
    [1.5, 2],
    [1, Number.POSITIVE_INFINITY],
    [Number.NaN, 2],
  ])("classes from %s to %s", async (from, to) => {
    const [problem] = await problemsOf(() => enumerate(table, { structures, classes: { from, to } }));
    expect(problem!.code).toBe("bad-class-range");
  });

  test("more than 50 classes", async () => {
    const [problem] = await problemsOf(() => enumerate(table, { structures, classes: { from: 1, to: 60 } }));
    expect(problem!.code).toBe("bad-class-count");
  });

  test("no structure, or two of one name", async () => {
    for (const list of [[], [structures[0]!, structures[0]!]]) {
      const [problem] = await problemsOf(() =>
        enumerate(table, { structures: list, classes: { from: 1, to: 2 } }),
      );
      expect(problem!.code).toBe("bad-structures");
    }
  });

  test("a criterion that does not exist, or a limit that is not a share", async () => {
    const rule = { criterion: "bick", minimumClassProportion: 5, minimumEntropy: Number.NaN };
    const problems = await problemsOf(() =>
      enumerate(table, {
        structures,
        classes: { from: 1, to: 2 },
        rule: rule as unknown as Partial<SelectionRule>,
      }),
    );
    expect(problems.map((p) => p.code)).toEqual(["bad-rule", "bad-rule", "bad-rule"]);
  });
});
