import { describe, expect, test } from "vitest";
import type { BootstrapResult } from "../../src/models/bootstrap/types.js";
import type { FitResult } from "../../src/models/result.js";
import { buildReport } from "../../src/report/document.js";
import type { ReportInput } from "../../src/report/input.js";
import { makeEnumeration, makeFit, makeInput } from "./fixtures.js";

const input = makeInput();

const cautionsOf = (changes: Partial<ReportInput>): string =>
  buildReport({ ...input, ...changes })
    .verdict.cautions.map((each) => `[${each.weight}] ${each.text} ${each.advice}`)
    .join("\n");

const chosenWith = (changes: Partial<FitResult>): Partial<ReportInput> => ({
  chosen: { ...input.chosen, ...changes },
});

test("the headline says how many, of whom, and what they do, largest first", () => {
  const { headline } = buildReport(input).verdict;
  expect(headline).toMatch(/^Four trajectories of PHQ-9 describe 600 people with [\d,]+ scores: /);
  const shares = [...headline.matchAll(/\((\d+)%\)/g)].map((found) => Number(found[1]));
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  expect(shares).toHaveLength(4);
});

test("certainty names the rule, the runner-up, entropy and replication", () => {
  const text = buildReport(input).verdict.certainty.join("\n");
  expect(text).toContain(input.enumeration!.explanation);
  expect(text).toMatch(/runner-up is GMM with five classes, [\d.]+ BIC points worse/);
  expect(text).toMatch(/entropy \.\d\d/);
  expect(text).toContain("14 of them reached the best log-likelihood");
});

describe("what to distrust", () => {
  test("an unreplicated solution is serious and comes first", () => {
    const starts = { ...input.chosen.starts!, replicatedBest: 1 };
    const text = cautionsOf(chosenWith({ starts }));
    expect(text.split("\n")[0]).toMatch(/^\[serious\] Only one of 20 final starts/);
  });

  test("a verdict already says it: it is not said twice", () => {
    const starts = { ...input.chosen.starts!, replicatedBest: 1 };
    const verdicts = [
      {
        name: "best value not replicated",
        sentence: "The best value was found once.",
        advice: "More starts.",
      },
    ] as const;
    const text = cautionsOf(chosenWith({ starts, convergence: { ...input.chosen.convergence, verdicts } }));
    expect(text).toContain("[serious] The best value was found once. More starts.");
    expect(text).not.toContain("Only one of");
  });

  test("no convergence without a verdict is still reported", () => {
    const convergence = { ...input.chosen.convergence, converged: false, verdicts: [] };
    expect(cautionsOf(chosenWith({ convergence }))).toContain("[serious] The fit did not meet");
  });

  test("a boundary is a note, with its advice", () => {
    const verdicts = [
      { name: "converged on a boundary", sentence: "A variance is zero.", advice: "Drop the random slope." },
    ] as const;
    expect(cautionsOf(chosenWith({ convergence: { ...input.chosen.convergence, verdicts } }))).toContain(
      "[note] A variance is zero. Drop the random slope.",
    );
  });

  test("small and empty classes", () => {
    const classes = input.chosen.classes.map((each, k) =>
      k === 0
        ? { ...each, assigned: 0, averagePosterior: null, proportion: 0.01 }
        : k === 1
          ? { ...each, assigned: 12, proportion: 0.02 }
          : each,
    );
    const text = cautionsOf(chosenWith({ classes }));
    expect(text).toContain("[serious] Nobody is most likely to belong to class 1.");
    expect(text).toContain("Class 2 (2.0%, 12 people) is small");
  });

  test("low entropy", () => {
    expect(cautionsOf(chosenWith({ criteria: { ...input.chosen.criteria, entropy: 0.41 } }))).toContain(
      "entropy .41",
    );
  });

  test("missing standard errors, some and all", () => {
    const strip = (all: boolean) =>
      input.chosen.parameters.map((each, i) => (all || i === 0 ? { ...each, standardError: null } : each));
    expect(cautionsOf(chosenWith({ parameters: strip(false) }))).toContain(
      "1 estimate has no standard error: (Intercept) (class 1).",
    );
    expect(cautionsOf(chosenWith({ parameters: strip(true) }))).toContain(
      "No standard errors could be computed",
    );
  });

  test("the largest number tried, passed-over models and disagreeing criteria", () => {
    const text = cautionsOf({ enumeration: makeEnumeration(4) });
    expect(text).toContain("The chosen number of classes (4) is the largest that was tried");
    expect(cautionsOf({})).toMatch(/The criteria disagree: SABIC favours GMM with five classes/);
  });

  test("a model that does not meet the rule is a serious matter, and methods say so", () => {
    const { enumeration } = input;
    const rows = enumeration!.rows.map((row, i) =>
      i === enumeration!.chosen ? { ...row, excludedBecause: ["smallest class 2.0% < 5%"] } : row,
    );
    const changed = { enumeration: { ...enumeration!, rows } };
    expect(cautionsOf(changed)).toContain(
      "[serious] The model of this report does not meet the selection rule: smallest class 2.0% < 5%.",
    );
    expect(buildReport({ ...input, ...changed }).methods.join(" ")).toContain(
      "The model reported here does not meet the rule (smallest class 2.0% < 5%).",
    );
  });

  test("a choice in place of the rule's is told, with the model that the rule names", () => {
    const enumeration = input.enumeration!;
    const chosen = enumeration.rows.findIndex((row) => row.structure === "GMM" && row.classes === 3);
    const rows = enumeration.rows.map((row, i) => ({ ...row, excludedBecause: [], chosen: i === chosen }));
    const changed = { enumeration: { ...enumeration, rows, chosen } };
    expect(cautionsOf(changed)).toMatch(
      /The study chose this model in place of the one that the rule names, GMM with \w+ classes\./,
    );
    expect(buildReport({ ...input, ...changed }).methods.join(" ")).toMatch(
      /The rule names GMM with \w+ classes; GMM with three classes was chosen in its place\./,
    );
    expect(cautionsOf({})).not.toContain("in place of the one that the rule names");
  });

  test("rows that only a model sets aside are counted and named", () => {
    const { ledger } = input.cohort;
    const rows = {
      read: ledger.read,
      used: ledger.used - 7,
      setAside: [...ledger.setAside, { reason: "missing age", description: "the model needs it", rows: 7 }],
    };
    expect(cautionsOf(chosenWith({ rows }))).toContain(
      "The model leaves out 7 rows of those prepared: missing age (7).",
    );
    const fit = { ...input.chosen, rows };
    expect(cautionsOf({ otherFits: [{ name: "Growth curve", fit }] })).toContain(
      "Model “Growth curve” leaves out 7 rows of those prepared: missing age (7).",
    );
  });

  test("no model was eligible", () => {
    expect(cautionsOf({ enumeration: { ...input.enumeration!, chosen: null } })).toContain(
      "[serious] No model met the selection rule",
    );
  });

  test("rows set aside, notes, fit warnings, people left out of regressions", () => {
    const text = cautionsOf(chosenWith({ warnings: ["Week is nearly constant."] }));
    expect(text).toMatch(
      /148 of [\d,]+ rows \(3\.4%\) were set aside: score-missing \(91\), too-few-sessions \(54\)/,
    );
    expect(text).toContain("12 totals were prorated");
    expect(text).toContain("Week is nearly constant.");
    expect(text).toContain("leaves out 29 people: missing covariate: gad7_first (29)");
  });

  test("a mean that leaves the scale", () => {
    const classes = input.chosen.classes.map((each, k) =>
      k === 0
        ? {
            ...each,
            meanTrajectory: { ...each.meanTrajectory, mean: each.meanTrajectory.mean.map((m) => m - 15) },
          }
        : each,
    );
    expect(cautionsOf(chosenWith({ classes }))).toContain("leaves the range of PHQ-9 (0 to 27)");
  });
});

describe("one class", () => {
  const { table, ...chosen } = makeFit({ classes: 1 });
  const document = buildReport({ ...input, chosen, long: table, enumeration: null, regressions: [] });

  test("has a verdict without classes, and no class-only figures", () => {
    expect(document.verdict.headline).toMatch(/^One mean trajectory of PHQ-9 was fitted to 600 people/);
    expect(document.verdict.classes[0]!.sentence).toMatch(/^The average person starts/);
    expect(document.figures.map((figure) => figure.id)).toEqual([
      "trajectories",
      "observed-fitted",
      "outcomes",
    ]);
    expect(document.checklist.map((each) => each.item)).not.toContain("13");
  });
});

describe("checklist and methods", () => {
  const document = buildReport(input);
  const item = (number: string) => document.checklist.find((each) => each.item === number)!;

  test("all GRoLTS items are there, met or missing with a reason", () => {
    expect(document.checklist.map((each) => each.item)).toEqual(
      "1 2 3a 3b 3c 4 5 6a 6b 7 8 9 10 11 12 13 14a 14b 14c 15 16".split(" "),
    );
    for (const each of document.checklist) expect(each.where, each.item).not.toBe("");
  });

  test("they follow what was done", () => {
    expect([item("6a").met, item("7").met, item("11").met, item("14b").met, item("3b").met]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
    const without = buildReport({ ...input, enumeration: null }).checklist;
    expect(
      without.filter((each) => ["6a", "10", "11", "14b"].includes(each.item)).map((each) => each.met),
    ).toEqual([false, false, false, false]);
  });

  test("syntax is available where a study file is known, and none is claimed where not", () => {
    expect(item("16").met).toBe(false);
    expect(item("16").where).toMatch(/^The report was made without a study file: add the program/);
    const known = buildReport({ ...input, studyFile: "study.yaml" });
    expect(known.checklist.find((each) => each.item === "16")).toMatchObject({
      met: true,
      where: expect.stringContaining("The study file (study.yaml) and the run's manifest.json"),
    });
    expect(known.studyFile).toBe("study.yaml");
  });

  test("methods tell the model as fitted", () => {
    const text = document.methods.join("\n");
    for (const part of [
      "growth mixture model",
      "1 + week + week^2",
      "an unstructured covariance matrix that was equal in all classes",
      "100 random starts",
      "seed 20",
      "missing at random",
      "Vermunt, 2010",
      "12 models: LCGA with 1 to 6 classes and GMM with 1 to 6 classes",
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(/undefined|NaN|null/);
    const starts = { ...input.chosen.starts!, tried: 106 };
    expect(buildReport({ ...input, ...chosenWith({ starts }) }).methods.join(" ")).toContain(
      "100 random starts and 6 starts that split a class of the model with one class fewer were screened",
    );
  });
});

describe("a bootstrap", () => {
  const drawn = (stability: number, larger: number): Partial<ReportInput> => ({
    inference: {
      bootstrap: {
        classes: input.chosen.classes.map(({ label }) => ({
          label,
          stability,
          proportion: {},
          dissolved: 0,
        })),
        parameters: input.chosen.parameters.map(({ standardError }) => ({
          standardError: standardError === null ? null : larger * standardError,
        })),
        warnings: [],
        replicates: { finished: 200, used: 200, reordered: 0, failed: [] },
      } as unknown as BootstrapResult,
    },
  });

  test("says which classes are not found again, and that errors are too small", () => {
    const text = cautionsOf(drawn(0.5, 2));
    expect(text).toMatch(/\[serious\] Class 1 is not stable: .*similarity \.50/);
    expect(text).toMatch(/\[note\] Bootstrap standard errors are more than 1\.5 times .*up to 2\.0 times/);
  });

  test("that agrees says nothing", () => {
    expect(cautionsOf(drawn(0.9, 1.05))).toBe(cautionsOf({}));
  });
});
