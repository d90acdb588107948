import { describe, expect, it } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { parseStudy } from "../../src/study/load.js";
import { resolveStudy } from "../../src/study/resolve.js";

const SMALL = `data:
  file: sessions.csv
  id: id
measures:
  phq9:
time:
  column: week
  unit: weeks
models:
  GMM:
    fixed: 1 + week
`;

/** The lines of the message for a study that is wrong. */
function mistakes(text: string): string[] {
  try {
    parseStudy(text, "s.yaml");
  } catch (error) {
    if (error instanceof InputError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("a study file that is right", () => {
  it("needs only data, measures, time and models", () => {
    expect(parseStudy(SMALL)).toEqual({
      data: { file: "sessions.csv", id: "id" },
      measures: { phq9: {} },
      time: { column: "week", unit: "weeks" },
      models: { GMM: { fixed: "1 + week" } },
    });
  });

  it("takes a key left empty for its default", () => {
    const study = parseStudy(`${SMALL}title:\ncovariates:\n  age:\nenumeration:\n  starts:\n`);
    expect(study.title).toBeUndefined();
    expect(study.covariates).toEqual({ age: {} });
    expect(study.enumeration).toEqual({});
  });

  it("reads a covariate given as an expression, a formula given as a number or list, and a range in words", () => {
    const study = parseStudy(`${SMALL}    random: 0
covariates:
  age:
  age_c: (age - 40) / 10
enumeration: {classes: 1 to 3}
predictors: {formula: [age_c, age]}
`);
    expect(study.covariates?.age_c).toEqual({ expression: "(age - 40) / 10" });
    expect(study.models.GMM?.random).toBe("0");
    expect(study.enumeration?.classes).toEqual({ from: 1, to: 3 });
    expect(study.predictors?.formula).toBe("age_c + age");
    expect(parseStudy(`${SMALL}enumeration: {classes: 2-4}`).enumeration?.classes).toEqual({
      from: 2,
      to: 4,
    });
    expect(parseStudy(`${SMALL}enumeration: {classes: 3}`).enumeration?.classes).toEqual({ from: 3, to: 3 });
  });
});

it.each([
  ["mi: ", 2.3, true],
  ["mi: {caseness: 2.5}", 2.5, false],
  ["phq9: ", 10, undefined],
  ["phq9: {caseness_above: 9.5}", 9.5, true],
  ["own: {minimum: 0, maximum: 5, caseness_above: 2.3}", 2.3, true],
  ["mi: {caseness: none}", null, false],
])("the cut-off of %s is %s, a score at it no case: %s", (measure, caseness, casenessExclusive) => {
  const study = parseStudy(SMALL.replace("phq9:", measure));
  const resolved = resolveStudy({ study, path: "/s/study.yaml", directory: "/s" });
  expect(resolved.prep.measures[0]).toMatchObject({ caseness });
  expect(resolved.prep.measures[0]!.casenessExclusive).toBe(casenessExclusive);
});

describe("mistakes in a study file", () => {
  it("are reported all at once, in order of line", () => {
    const text = `titel: hi
data:
  file: a.csv
  layout: lnog
measures:
  phq:
  gad7: {minimum: 5, maximum: 3}
time:
  column: week
  origin: zero
  origin_column: start
covariates:
  age_c: (age - / 10
  9x:
models:
  GMM:
    fixd: 1 + week
    fixed: 1 + wek
    residual: clas
enumeration:
  classes: 5-1
  starts: 20/100
  structures: [GM]
growth:
  covariates: [agec]
predictors:
  outcomes: [reliable_recovry]
workers: many
`;
    const found = mistakes(text);
    const where = found.map((line) => line.split(": ").slice(0, 2).join(": "));
    expect(where).toEqual([
      "s.yaml:1: titel",
      "s.yaml:2: data.id",
      "s.yaml:4: data.layout",
      "s.yaml:6: measures.phq",
      "s.yaml:7: measures.gad7",
      "s.yaml:8: time",
      "s.yaml:13: covariates.age_c.expression",
      "s.yaml:14: covariates.9x",
      "s.yaml:17: models.GMM.fixd",
      "s.yaml:18: models.GMM.fixed",
      "s.yaml:19: models.GMM.residual",
      "s.yaml:21: enumeration.classes",
      "s.yaml:22: enumeration.starts",
      "s.yaml:23: enumeration.structures[1]",
      "s.yaml:25: growth.covariates[1]",
      "s.yaml:26: predictors.formula",
      "s.yaml:27: predictors.outcomes[1]",
      "s.yaml:28: workers",
    ]);
  });

  it.each([
    ["titel: x", 'Did you mean "title"?'],
    ["data: {file: a.csv, id: id, layout: lnog}", 'Expected one of long, wide. Did you mean "long"?'],
    ["measures: {phq: }", 'Did you mean "phq9"?'],
    ["models: {GMM: {residual: AR1+ocasion}}", 'Did you mean "ar1+occasion"?'],
    ["enumeration: {classes: 1-99}", 'The value is "1-99". Expected a range such as 1-5'],
    ["enumeration: {classes: 0-3}", "from: a whole number of at least 1"],
    ["sessions: {minimum: 0}", "Expected a whole number of at least 1."],
    ["sessions: {minimum: 3, maximum: 2}", "3 sessions"],
    ["exclusions: [{keep: age >}]", "exclusions[1].keep"],
    ["outcome: gad7", 'There is no measure "gad7".'],
    ["enumeration: {choose: {model: GMM, classes: 9}}", "9 classes are not among those tried."],
    ["covariates: {week: }", "week"],
    ["covariates: {recovery: }", "recovery"],
    ["time: {kind: number}", "The column of time is missing."],
    ["models: {GMM: {fixed: 1 + (week}}", "models.GMM.fixed"],
    ["models: {GMM: {membership: agee}}\ncovariates: {age: }", 'Did you mean "age"?'],
    [
      "enumeration: {starts: 5/10}",
      "enumeration.starts: 10 starts cannot be kept out of 5. Expected SCREENED/KEPT",
    ],
    ["enumeration: {starts: many}", "Expected SCREENED/KEPT with the first the larger, e.g. 100/20."],
    ["measures: {mi: {caseness: 3, caseness_above: 2.3}}", "A cut-off for caseness is given twice."],
    ["measures: {mi: {caseness_above: none}}", "Expected a number that a case's score exceeds."],
    ["seed: 1.5", "Expected a whole number."],
    ["workers: 1025", "Expected auto, or a whole number from 0 (no threads) to 1024."],
    ["time: {column: week, origin_column: x, origin: zero}", "origin_column"],
  ])("%s", (replacement, words) => {
    const key = /^(\w+):/.exec(replacement)![1]!;
    const rest = SMALL.replace(new RegExp(`^${key}:\\n(?: .*\\n)+`, "m"), "");
    expect(mistakes(`${rest}${replacement}\n`).join("\n")).toContain(words);
  });

  it("name the lines of broken YAML", () => {
    expect(mistakes("data:\n  file: [a, b\ntitle: x\n")[0]).toMatch(/^s\.yaml:\d+: /);
    expect(mistakes(`${SMALL}title: a\ntitle: b\n`)[0]).toContain("s.yaml:13");
  });

  it.each(["", "just text", "[1, 2]"])("say that %j is no study", (text) => {
    expect(mistakes(text).length).toBeGreaterThan(0);
  });

  it("never mention names of the program's inside", () => {
    const text = mistakes(
      SMALL.replace("phq9:", "phq9: {items: [a], column: b}\n  x: {minimum: 0, maximum: 9, items: [a]}"),
    );
    expect(text.join("\n")).toContain("item_maximum");
    expect(text.join("\n")).not.toMatch(/itemMaximum|originColumn/);
  });
});

describe("inference, constraints and orders", () => {
  const study = (models: string, rest = ""): string => `${SMALL}${models}${rest}`;

  it("are understood, with their defaults", () => {
    const text = study(
      '    constraints: ["week@1 = 0"]\n    orders: [2, 1]\n',
      "enumeration: {classes: 2}\ninference: {profile: true, bootstrap: 20, tests: [week@1 = week@2]}\n",
    );
    const loaded = { study: parseStudy(text), directory: "/", path: "/s.yaml" };
    const resolved = resolveStudy(loaded);
    expect(resolved.structures[0]!.spec).toMatchObject({ constraints: ["week@1 = 0"], orders: [2, 1] });
    expect(resolved.inference).toEqual({
      profile: true,
      bootstrap: 20,
      bootstrapKind: "nonparametric",
      tests: ["week@1 = week@2"],
      robust: false,
      influence: 0,
    });
    expect(resolveStudy({ ...loaded, study: parseStudy(SMALL) }).inference).toMatchObject({
      profile: false,
      bootstrap: 0,
      tests: [],
    });
  });

  it("that name classes are refused for several numbers of classes", () => {
    const found = mistakes(study('    constraints: ["var(week) = 0", "week@1 = 0"]\n    orders: [1, 1]\n'));
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(
      /^s\.yaml:12: models\.GMM\.constraints\[2\]: It names classes.*one number of classes/,
    );
    expect(found[1]).toMatch(/^s\.yaml:13: models\.GMM\.orders: It names classes.*leave orders out/);
    const one = "enumeration: {classes: 2}\n";
    expect(mistakes(study('    constraints: ["week@1 = 0"]\n    orders: [1, 1]\n', one))).toEqual([]);
    expect(mistakes(study("    orders: [1]\n", one))[0]).toContain("There are 1 orders for 2 classes.");
    expect(mistakes(study('    constraints: ["week"]\n', one))[0]).toContain("It has no = sign.");
  });

  it("are refused where they say nothing, or name what is not there", () => {
    expect(mistakes(study("", "inference: {bootstrap_kind: parametric}\n"))[0]).toContain("bootstrap: 500");
    const growth = "covariates: {age: }\ngrowth: {covariates: [age], cluster: site, reml: true}\n";
    const found = mistakes(study("", growth)).join("\n");
    expect(found).toContain('There is no variable "site".');
    expect(found).toContain("Leave out cluster, or reml.");
  });
});
