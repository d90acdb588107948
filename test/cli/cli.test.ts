import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FitResult } from "../../src/models/result.js";
import { parseStudy } from "../../src/study/load.js";

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let folder: string;

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in the test's folder, its output piped as in a script. */
function symtraj(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { cwd: folder, maxBuffer: 1e8 }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "symtraj-cli-"));
  const { status, out } = await symtraj(
    ..."simulate --persons 150 --separation well-separated --seed 7 --out sessions.csv --json".split(" "),
  );
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ path: "sessions.csv", persons: 150 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const DATA = ["sessions.csv", "--id", "id", "--time", "week", "--outcome", "phq9"];
const MODEL = [
  "--fixed",
  "1 + week + week^2",
  "--random",
  "1",
  "--classes",
  "2",
  "--starts",
  "8/3",
  "--workers",
  "0",
];

describe("symtraj", () => {
  it("lists its commands", async () => {
    const { status, out } = await symtraj("--help");
    expect(status).toBe(0);
    for (const name of [
      "run",
      "init",
      "fit",
      "prep",
      "enumerate",
      "compare",
      "predictors",
      "predict",
      "report",
      "simulate",
    ])
      expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  it.each([
    ["no command", []],
    ["an unknown command", ["fitt"]],
    ["an unknown option", ["fit", "sessions.csv", "--clases", "2"]],
    ["a missing argument", ["run"]],
  ])("exits with 2 on %s", async (_, args) => {
    const { status, out, err } = await symtraj(...args);
    expect([status, out]).toEqual([2, ""]);
    expect(err).not.toBe("");
    expect(err).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });
});

describe("symtraj fit", () => {
  it("prints one JSON document on standard output and nothing on standard error", async () => {
    const { status, out, err } = await symtraj("fit", ...DATA, ...MODEL, "--json");
    expect([status, err]).toEqual([0, ""]);
    const fit = JSON.parse(out) as FitResult;
    expect(fit.model).toMatchObject({ outcome: "phq9", time: "week", classes: 2, random: "1" });
    expect(fit.seed).toBe(1);
    expect(fit.posteriors.personIds).toHaveLength(fit.nPersons);
    expect(fit.rows.used).toBe(fit.nObservations);
    for (const key of [
      "criteria",
      "parameters",
      "covariance",
      "residual",
      "classes",
      "starts",
      "convergence",
      "version",
    ])
      expect(fit).toHaveProperty(key);
  });

  it("says the verdict first", async () => {
    const { status, out } = await symtraj("fit", ...DATA, ...MODEL);
    expect(status).toBe(0);
    expect(out.split("\n")[0]).toBe("Growth mixture model, 2 classes, of phq9 over week: converged");
    expect(out).toMatch(/rows: [\d,]+ read = [\d,]+ used \+ [\d,]+ set aside/);
  });

  it("takes --random 0, --where, --diagonal, --membership and --class-specific", async () => {
    const more = [
      "--where",
      "week <= 10",
      "--membership",
      "age",
      "--class-specific",
      "1 + week",
      "--random",
      "0",
    ];
    const { status, out } = await symtraj("fit", ...DATA, ...MODEL, ...more, "--json");
    expect(status).toBe(0);
    const fit = JSON.parse(out) as FitResult;
    expect(fit.family).toBe("latent class growth analysis");
    expect(fit.rows.setAside.map(({ description }) => description).join()).toContain("week <= 10");
    expect(fit.rows.read).toBe(fit.rows.used + fit.rows.setAside.reduce((sum, { rows }) => sum + rows, 0));
    const reml = await symtraj("fit", ...DATA, "--random", "1 + week", "--diagonal", "--reml", "--json");
    expect((JSON.parse(reml.out) as FitResult).model).toMatchObject({
      reml: true,
      diagonal: true,
      classes: 1,
    });
  });

  it("reports several mistakes together, without a stack trace, status 2", async () => {
    const { status, out, err } = await symtraj(
      ..."fit sessions.csv --id idd --time week --outcome phq --fixed 1+weeek".split(" "),
    );
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain('Did you mean "id"?');
    expect(err).toContain('Did you mean "phq9"?');
    expect(err).toContain('Did you mean "week"?');
    expect(err).not.toMatch(/^\s+at .*:\d+:\d+/m);
    const options = await symtraj(
      ..."fit sessions.csv --classes two --starts 3/9 --residual clas".split(" "),
    );
    expect(options.status).toBe(2);
    for (const flag of ["--id", "--time", "--outcome", "--classes", "--starts", "--residual"])
      expect(options.err).toContain(`- ${flag}:`);
    expect(options.err).toContain("--starts: 9 starts cannot be kept out of 3. Expected SCREENED/KEPT");
  });

  it("says what time is called when a formula calls it otherwise", async () => {
    const rows = ["id,date,phq9", "a,2024-01-01,12", "a,2024-01-08,10", "b,2024-01-03,9"];
    await writeFile(join(folder, "dated.csv"), rows.join("\n"));
    const { status, err } = await symtraj(
      ...["fit", "dated.csv", "--id", "id", "--time", "date", "--outcome", "phq9", "--fixed", "1 + week"],
    );
    expect(status).toBe(2);
    expect(err).toContain('Time is called "date" here (--time): write date in the formula.');
  });

  it.each(["fit", "enumerate"])("%s marks required options in its help", async (name) => {
    const { out } = await symtraj(name, "--help");
    expect(out.replace(/\s+/g, " ").split("(required)")).toHaveLength(4);
  });

  it("gives mistakes as JSON too, and a stack trace with --debug", async () => {
    const { status, out, err } = await symtraj("--debug", "fit", "none.csv", ...DATA.slice(1), "--json");
    expect(status).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { kind: "bad-input", status: 2 } });
    expect(err).toMatch(/^\s+at .*:\d+:\d+/m);
  });
});

describe("clusters", () => {
  it("give robust standard errors of their own, and a word on their number", async () => {
    const plain = await symtraj("fit", ...DATA, ...MODEL);
    const clustered = await symtraj("fit", ...DATA, ...MODEL, "--cluster", "imd");
    expect(clustered.status).toBe(0);
    expect(plain.out).toContain("Robust SE: by the sandwich estimator");
    expect(clustered.out).toContain(
      "Robust SE: allows for what people in one of the 10 clusters of imd share",
    );
    expect(clustered.out.replace(/\s+/g, " ")).toMatch(/only 10 clusters of imd: with fewer than about 40/);
  });
});

describe("symtraj fit with further inference", () => {
  it("has it in words, in JSON and in files", async () => {
    const more = [
      ...["--profile", "--bootstrap", "12", "--bootstrap-kind", "parametric", "--influence", "3"],
      ...["--test", "week@1 = week@2", "--test", "week^2@1 = 0, week^2@2 = 0"],
    ];
    const words = await symtraj("fit", ...DATA, ...MODEL, ...more);
    expect([words.status, words.err]).toEqual([0, ""]);
    for (const title of [
      "Tests asked for (Wald)",
      "Profile-likelihood 95% intervals",
      "Bootstrap: scores of the model drawn 12 times, 12 used",
      "Most influential people (of 150)",
    ])
      expect(words.out).toContain(`\n${title}\n`);
    const { status, out } = await symtraj("fit", ...DATA, ...MODEL, ...more, "--out", "further", "--json");
    expect(status).toBe(0);
    const json = JSON.parse(out);
    expect(json.tests.map(({ df }: { df: number }) => df)).toEqual([1, 2]);
    expect(json.profileIntervals.map(({ name }: { name: string }) => name)).toEqual([
      "var((Intercept))",
      "residual sd",
    ]);
    expect(json.bootstrap).toMatchObject({ kind: "parametric", replicates: { requested: 12 } });
    expect(json.influence.top).toHaveLength(3);
    const kept = JSON.parse(await readFile(join(folder, "further", "model.json"), "utf8"));
    expect([kept.tests, kept.profileIntervals]).toEqual([json.tests, json.profileIntervals]);
    for (const file of ["intervals", "tests", "influence", "bootstrap-classes", "bootstrap-trajectories"])
      expect(existsSync(join(folder, "further", `${file}.csv`)), file).toBe(true);
  });

  it("refuses before fitting what cannot be asked", async () => {
    const unknown = await symtraj("fit", ...DATA, ...MODEL, "--test", "weak@1 = 0", "--test", "week@3 = 0");
    expect(unknown.status).toBe(2);
    expect(unknown.err).toContain("2 problems");
    expect(unknown.err).toContain("week has no class 3. Expected week@1 or week@2.");
    const lone = await symtraj(
      ...["fit", ...DATA, "--bootstrap-kind", "parametric", "--reml", "--influence", "2"],
    );
    expect(lone.status).toBe(2);
    expect(lone.err).toContain("--bootstrap-kind: It says how to draw samples, but not how many.");
    expect(lone.err).toContain("--influence: Under REML");
  });
});

describe("symtraj compare", () => {
  it("tests two stored models, and simulates the test of one class more", async () => {
    const one = MODEL.map((word, i) => (MODEL[i - 1] === "--classes" ? "1" : word));
    for (const [model, out] of [
      [one, "one"],
      [[...one, "--random", "1 + week"], "slopes"],
      [MODEL, "two"],
    ] as const)
      expect((await symtraj("fit", ...DATA, ...model, "--out", out)).status).toBe(0);
    const path = (name: string): string => join(name, "model.json");
    // The folder stands for the model in it.
    const nested = await symtraj("compare", "one", path("slopes"));
    expect([nested.status, nested.err]).toEqual([0, ""]);
    expect(nested.out).toContain("Distribution: half chi-square with 1, half with 2 degrees of freedom");
    const simulated = await symtraj(
      ...["compare", path("one"), path("two"), "--bootstrap", "4", "--data", "sessions.csv"],
      ...["--workers", "0", "--json"],
    );
    expect(simulated.status).toBe(0);
    const { bootstrap, likelihoodRatio, differences, smaller, larger } = JSON.parse(simulated.out);
    expect(likelihoodRatio.verdict).toBe("classes differ");
    expect(bootstrap.statistic).toBeCloseTo(2 * (larger.logLikelihood - smaller.logLikelihood), 8);
    expect(bootstrap.statistics).toHaveLength(4);
    expect(differences.bic).toBeCloseTo(larger.criteria.bic - smaller.criteria.bic, 8);
    const wrong = await symtraj("compare", path("one"), path("two"), "--data", "sessions.csv");
    expect(wrong.status).toBe(2);
    expect(wrong.err).toContain("Add --bootstrap");
  }, 30_000);
});

describe("columns", () => {
  it.each([
    ["--occasion", "sesion"],
    ["--cluster", "employd"],
  ])("says that it was %s that named one that is not there", async (option, name) => {
    const { status, err } = await symtraj("fit", ...DATA, option, name);
    expect(status).toBe(2);
    expect(err).toMatch(new RegExp(`^error: ${option}: sessions.csv has no column "${name}". Did you mean `));
  });

  it("says which names cannot stand in formulas, and what to do", async () => {
    await writeFile(
      join(folder, "odd.csv"),
      "id,Week number,phq9,age-group,sex\na,0,10,1,1\na,1,9,1,1\nb,0,12,2,0\nb,1,8,2,0\n",
    );
    const odd = ["fit", "odd.csv", "--id", "id", "--time", "Week number", "--outcome", "phq9"];
    const byDefault = await symtraj(...odd);
    expect(byDefault.status).toBe(2);
    expect(byDefault.err).toBe(
      'error: odd.csv: The column "Week number" has a name that formulas cannot hold. Expected a name of letters, digits and _. Rename it in the file, or write a study file (symtraj init), which gives columns names of its own.\n',
    );
    const difference = await symtraj(...odd, "--fixed", "1 + age-group");
    expect([difference.status, difference.err]).toEqual([2, expect.stringContaining('column "age-group"')]);
    const elsewhere = await symtraj(...odd, "--fixed", "1 + sexx");
    expect(elsewhere.err).toBe('error: formula: odd.csv has no column "sexx". Did you mean "sex"?\n');
  });

  it("suggests the nearest residual structure", async () => {
    const { status, err } = await symtraj("fit", ...DATA, "--residual", "AR1+ocasion");
    expect([status, err]).toEqual([2, expect.stringContaining('Did you mean "ar1+occasion"?')]);
  });
});

describe("a stored model", () => {
  it("classifies new people whose occasions are numbered by a column", async () => {
    const residual = ["--residual", "ar1+occasion", "--occasion", "session"];
    const fitted = await symtraj("fit", ...DATA, ...residual, "--workers", "0", "--out", "numbered");
    expect([fitted.status, fitted.err]).toEqual([0, ""]);
    const model = join("numbered", "model.json");
    const predicted = await symtraj("predict", model, "sessions.csv", "--json");
    expect([predicted.status, predicted.err]).toEqual([0, ""]);
    expect(JSON.parse(predicted.out).ledger).toMatchObject({ setAside: [] });
    await writeFile(join(folder, "bare.csv"), "id,week,phq9\na,0,10\na,1,9\n");
    const bare = await symtraj("predict", model, "bare.csv");
    expect(bare.status).toBe(2);
    expect(bare.err).toContain('the model\'s occasion: bare.csv has no column "session".');
  });

  it("classifies people again, and predicts membership from covariates", async () => {
    const fitted = await symtraj("fit", ...DATA, ...MODEL, "--out", "kept", "--json");
    expect(fitted.status).toBe(0);
    expect(JSON.parse(fitted.out).posteriors).toEqual({ file: join("kept", "memberships.csv") });
    const model = join("kept", "model.json");
    const predicted = await symtraj("predict", model, "sessions.csv", "--id", "id", "--out", "again.csv");
    expect([predicted.status, predicted.err]).toEqual([0, ""]);
    const memberships = await readFile(join(folder, "kept", "memberships.csv"), "utf8");
    expect(await readFile(join(folder, "again.csv"), "utf8")).toBe(memberships);
    const [header, row] = (await readFile(join(folder, "again.trajectories.csv"), "utf8")).split("\r\n");
    expect(header).toBe("id,time,observed,fitted,predicted,predicted_se");
    expect(Number(row!.split(",").at(-1))).toBeGreaterThan(0);
    const predictors = await symtraj(
      ...["predictors", model, "sessions.csv", "--id", "id", "--formula", "age + female"],
      ...["--predict", "reliable_improvement", "--predict", "employed", "--json"],
    );
    expect(predictors.status).toBe(0);
    const { regressions } = JSON.parse(predictors.out);
    expect(regressions.map(({ method }: { method: string }) => method)).toEqual([
      "three-step ML",
      "logistic",
      "logistic",
    ]);
  });

  it("remembers its identifier, time and outcome, and says which measures define outcomes", async () => {
    const model = join("kept", "model.json");
    const again = await symtraj("predict", model, "sessions.csv", "--json");
    expect([again.status, again.err]).toEqual([0, ""]);
    const { status, out } = await symtraj(
      ...["predictors", model, "sessions.csv", "--formula", "age", "--predict", "reliable_recovery"],
    );
    expect(status).toBe(0);
    expect(out.replace(/\s+/g, " ")).toContain(
      "At caseness: PHQ-9 ≥ 10 or GAD-7 ≥ 8. Reliable change: PHQ-9 by at least 6, GAD-7 by at least 4.",
    );
    const other = (await readFile(join(folder, "sessions.csv"), "utf8")).replace("gad7", "other");
    await writeFile(join(folder, "phq9-only.csv"), other);
    const only = await symtraj(
      ...["predictors", model, "phq9-only.csv", "--formula", "age", "--predict", "reliable_recovery"],
    );
    expect(only.out.replace(/\s+/g, " ")).toContain("no known measure of anxiety");
  });

  it("says that one class alone is present, once, where that is so", async () => {
    const model = join("kept", "model.json");
    const [header, ...lines] = (await readFile(join(folder, "sessions.csv"), "utf8")).trim().split(/\r?\n/);
    const memberships = await readFile(join(folder, "kept", "memberships.csv"), "utf8");
    const first = memberships.split(/\r?\n/).filter((line) => line.endsWith(",1"));
    const ids = new Set(first.slice(0, 5).map((line) => line.split(",")[0]));
    expect(ids.size).toBe(5);
    const few = lines.filter((line) => ids.has(line.split(",")[header!.split(",").indexOf("id")]));
    await writeFile(join(folder, "few.csv"), [header, ...few].join("\n"));
    const { status, out } = await symtraj("predictors", model, "few.csv", "--formula", "age");
    expect(status).toBe(0);
    expect(out).toContain("All 5 persons of these data that the model knows are in class 1");
    expect(out).not.toContain("separated");
  });

  it("that does not exist is named without system jargon", async () => {
    const { status, err } = await symtraj("predict", "none.json", "sessions.csv");
    expect(status).toBe(2);
    expect(err).toContain("none.json: The stored model could not be read: there is no such file.");
    expect(err).not.toContain("ENOENT");
  });

  it("is refused with a clear message when it is something else", async () => {
    await writeFile(join(folder, "other.json"), '{"a": 1}');
    const { status, err } = await symtraj("predict", "other.json", "sessions.csv", "--id", "id");
    expect(status).toBe(2);
    expect(err).toContain("stored model");
  });
});

describe("symtraj enumerate", () => {
  it("compares structures and numbers of classes", async () => {
    const { status, out } = await symtraj(
      ...["enumerate", ...DATA, "--fixed", "1 + week", "--random", "0", "--random", "1"],
      ...["--classes", "1-2", "--starts", "6/2", "--workers", "0", "--json"],
    );
    expect(status).toBe(0);
    const { rows, explanation } = JSON.parse(out);
    expect(rows.map((row: { structure: string; classes: number }) => [row.structure, row.classes])).toEqual([
      ["LCGA", 1],
      ["LCGA", 2],
      ["GMM, random 1", 1],
      ["GMM, random 1", 2],
    ]);
    expect(explanation).toContain("lowest BIC");
  });
});

describe("a study", () => {
  const study = (): string => join(folder, "study.yaml");

  it("is written by init as a study file that run accepts", async () => {
    const { status, out } = await symtraj("init", "sessions.csv");
    expect(status).toBe(0);
    expect(out).toMatch(
      /^Recognised:\n.*\n {2}person {5}id\n[\s\S]*outcome {4}phq9: phq9[\s\S]*\nWrote study.yaml/,
    );
    const text = await readFile(study(), "utf8");
    const parsed = parseStudy(text);
    expect(parsed.data).toMatchObject({ file: "sessions.csv", id: "id", layout: "long" });
    expect(Object.keys(parsed.measures)).toEqual(["phq9", "gad7"]);
    expect(parsed.time).toMatchObject({ column: "week", unit: "weeks" });
    expect((await symtraj("init", "sessions.csv")).status).toBe(2);
    // All sessions are used, so that later tests can compare with commands that know no latest time.
    expect(parsed.sessions?.latest).toBeGreaterThan(5);
    const shorter = text
      .replace("classes: 1-5", "classes: 1-2")
      .replace("starts: 100/20", "starts: 6/2")
      .replace(/^ {2}latest: .*$/m, "");
    await writeFile(study(), shorter);
  });

  it("is prepared by prep: long table, persons, set-aside rows, the account", async () => {
    const { status, out } = await symtraj("prep", "study.yaml", "--out", "prepared", "--json");
    expect(status).toBe(0);
    const { ledger } = JSON.parse(out);
    expect(ledger.read).toBe(
      ledger.used + ledger.setAside.reduce((sum: number, r: { rows: number }) => sum + r.rows, 0),
    );
    for (const file of ["long.csv", "persons.csv", "set-aside.csv", "prep.json"])
      expect(existsSync(join(folder, "prepared", file)), file).toBe(true);
  });

  it("runs from data to report, and report writes the page anew", async () => {
    const { status, out, err } = await symtraj("run", "study.yaml", "--workers", "1", "--json");
    expect([status, err]).toEqual([0, ""]);
    const { manifest, chosen } = JSON.parse(out);
    expect(manifest.status).toBe("complete");
    expect(chosen.posteriors).toEqual({ file: "memberships.csv" });
    await outcomesAgree();
    await rm(join(folder, "results", "report.html"));
    const again = await symtraj("report", "results", "--title", "Another title");
    expect(again.status).toBe(0);
    expect(await readFile(join(folder, "results", "report.html"), "utf8")).toContain("Another title");
    expect((await symtraj("report", "nowhere")).status).toBe(2);
  }, 60_000);

  /** Outcomes of `predictors` are those of the study, whether from its sessions or from its person table. */
  async function outcomesAgree(): Promise<void> {
    const model = join("results", "models", "chosen.json");
    const options = ["--formula", "age", "--predict", "reliable_recovery", "--json"];
    const [fromSessions, fromPersons] = await Promise.all(
      ["sessions.csv", join("results", "persons.csv")].map((data) =>
        symtraj("predictors", model, data, ...options),
      ),
    );
    expect([fromSessions!.status, fromPersons!.err, fromPersons!.status]).toEqual([0, "", 0]);
    const logistic = ({ out }: Outcome) => JSON.parse(out).regressions.at(-1);
    expect(logistic(fromSessions!)).toMatchObject({ method: "logistic", outcome: "reliable_recovery" });
    expect(logistic(fromSessions!).oddsRatios).toEqual(logistic(fromPersons!).oddsRatios);
    expect(JSON.parse(fromSessions!.out).outcomesFrom).toContain("PHQ-9 ≥ 10 or GAD-7 ≥ 8");
    expect(JSON.parse(fromPersons!.out).outcomesFrom).toContain("as they stand");
  }

  it("is cancelled by Ctrl-C with status 130, and says so in its manifest", async () => {
    const text = await readFile(study(), "utf8");
    await writeFile(join(folder, "long.yaml"), text.replace("starts: 6/2", "starts: 4000/2000"));
    const child = spawn(process.execPath, [command, "run", "long.yaml", "--out", "stopped"], { cwd: folder });
    child.stderr.once("data", () => child.kill("SIGINT"));
    child.stdout.resume();
    const status = await new Promise((resolve) => child.once("exit", resolve));
    expect(status).toBe(130);
    const manifest = JSON.parse(await readFile(join(folder, "stopped", "manifest.json"), "utf8"));
    expect(manifest.status).toBe("cancelled");
    expect(manifest.notFinished).toContain("the report");
  }, 60_000);
});
