import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError, RunFailure } from "../../src/core/errors.js";
import type { JobRunner } from "../../src/models/jobs/job.js";
import { writeSimulation } from "../../src/simulate/index.js";
import { loadStudy } from "../../src/study/load.js";
import { type ResolvedStudy, resolveStudy } from "../../src/study/resolve.js";
import { runStudy } from "../../src/study/run.js";
import { createInlineRunner } from "../../src/workers/index.js";

const STUDY = `title: A small study
data: {file: data/sessions.csv, id: id}
measures:
  phq9:
  gad7:
time: {column: week, unit: weeks}
sessions: {minimum: 2}
covariates:
  age_c: (age - 40) / 10
  female:
models:
  GMM: {fixed: 1 + week + week^2, random: 1}
  LCGA: {fixed: 1 + week + week^2, random: 0}
enumeration: {classes: 1-3, starts: 10/4}
growth: {covariates: [age_c, female]}
predictors:
  formula: age_c + female
  references: [1]
  outcomes: [reliable_improvement]
output: out
seed: 3
workers: 0
`;

let folder: string;
let study: ResolvedStudy;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "symtraj-study-"));
  await mkdir(join(folder, "data"));
  await writeSimulation(
    { nPersons: 200, separation: "well-separated", seed: 5 },
    join(folder, "data", "sessions.csv"),
  );
  await writeFile(join(folder, "study.yaml"), STUDY);
  study = resolveStudy(await loadStudy(join(folder, "study.yaml")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (...path: string[]): Promise<string> => readFile(join(folder, ...path), "utf8");

describe("resolveStudy", () => {
  it("fills every default in one place, as plain JSON", () => {
    expect(JSON.parse(JSON.stringify(study))).toEqual(study);
    expect(study.output).toBe(join(folder, "out"));
    expect(study.prep.data).toBe(join(folder, "data", "sessions.csv"));
    expect(study.structures.map(({ name, spec }) => [name, spec.random, spec.covariance])).toEqual([
      ["GMM", "1", "equal"],
      ["LCGA", "0", "equal"],
    ]);
    expect(study.rule).toEqual({
      criterion: "bic",
      minimumClassProportion: 0.05,
      minimumEntropy: 0,
      requireReplication: true,
    });
    expect(study.fit).toMatchObject({ startsInitial: 10, startsFinal: 4, seed: 3 });
    expect(study.growth?.fixed).toBe("1 + week + week^2 + age_c + age_c:week + female + female:week");
    expect(study.timeLabel).toBe("Weeks");
    expect(study.growth?.random).toBe("1 + week");
  });

  it("lets the command line's settings take the place of the file's", async () => {
    const loaded = await loadStudy(join(folder, "study.yaml"));
    const other = resolveStudy(loaded, { data: "x.csv", output: "y", seed: 9, workers: 2 });
    expect(other.prep.data).toBe(join(process.cwd(), "x.csv"));
    expect(other.output).toBe(join(process.cwd(), "y"));
    expect([other.seed, other.fit.seed, other.workers]).toEqual([9, 9, 2]);
  });
});

describe("runStudy", () => {
  it("goes from data to report, and a second run reuses every fit", async () => {
    const stages = new Set<string>();
    const first = await runStudy(study, { onProgress: ({ stage }) => stages.add(stage) });
    expect(first.status).toBe("complete");
    expect(first.enumeration?.rows).toHaveLength(6);
    expect(first.chosen?.model.classes).toBe(3);
    expect(first.growth?.parameters.map(({ name }) => name)).toContain("age_c:week");
    expect(first.regressions.map(({ method }) => method)).toEqual(["three-step ML", "logistic"]);
    expect(new Set(first.regressions[0]!.oddsRatios.map(({ reference }) => reference))).toEqual(
      new Set(["Class 1"]),
    );
    const { read: rowsRead, used, setAside } = first.chosen!.rows;
    expect(used + setAside.reduce((sum, { rows }) => sum + rows, 0)).toBe(rowsRead);
    expect(rowsRead).toBe(first.cohort!.sources[0]!.rows);
    expect([...stages].join("; ")).toContain("2 classes (of 3): screening starts");
    for (const file of first.manifest.files) expect(existsSync(join(folder, "out", file)), file).toBe(true);
    expect(await read("out", "report.html")).toContain("The study file (study.yaml) and the run");
    for (const figure of ["residuals", "quantiles", "residuals-by-occasion"])
      expect(first.manifest.files).toContain(`figures/${figure}.svg`);
    const manifest = JSON.parse(await read("out", "manifest.json"));
    expect(manifest).toEqual(JSON.parse(JSON.stringify(first.manifest)));
    expect(manifest.study).toEqual(study);
    expect(manifest.data[0].sha256).toMatch(/^[0-9a-f]{64}$/);

    const notes: string[] = [];
    const second = await runStudy(study, { onNote: (sentence) => notes.push(sentence) });
    expect(notes.join("\n")).toContain("6 models taken over from an earlier run");
    expect(second.enumeration).toEqual(first.enumeration);
    expect(second.growth).toEqual(first.growth);
    const comparing = second.manifest.stages.find(({ name }) => name === "comparing models");
    expect(comparing).toMatchObject({ reused: 6, fitted: 0 });
  }, 60_000);

  it("fits anew when the model, the seed or the data changed", async () => {
    const other = { ...study, fit: { ...study.fit, seed: 4 }, classes: { from: 1, to: 1 } };
    const changed = await runStudy(other);
    expect(changed.manifest.stages.find(({ name }) => name === "comparing models")).toMatchObject({
      reused: 0,
    });
  }, 60_000);

  it("takes the study's own choice of model, and says so", async () => {
    const own = await runStudy({ ...study, choose: { model: "LCGA", classes: 2 } });
    expect([own.chosen?.family, own.chosen?.model.classes]).toEqual(["latent class growth analysis", 2]);
    expect(own.enumeration?.explanation).toContain(
      "The study file chose LCGA with 2 classes in place of the rule.",
    );
    expect(own.enumeration?.rows.filter(({ chosen }) => chosen)).toHaveLength(1);
    const { structure: model, classes } = (await runStudy(study)).enumeration!.rows.find(
      ({ chosen }) => chosen,
    )!;
    const same = await runStudy({ ...study, choose: { model, classes } });
    expect(same.enumeration?.explanation).toContain(
      `The study file chose ${model} with ${classes} classes, as the rule does.`,
    );
  }, 60_000);

  it("shows the lowest criterion with a warning when no model meets the rule", async () => {
    const strict = { ...study, rule: { ...study.rule, minimumEntropy: 1 }, classes: { from: 2, to: 3 } };
    const result = await runStudy(strict);
    expect(result.chosen).not.toBeNull();
    expect(result.manifest.warnings.join("\n")).toContain("No model met the rule");
    const page = await read("out", "report.html");
    expect(page).toContain("does not meet the selection rule");
    expect(page).not.toContain("No model met the rule of selection. The report shows");
    // Fits of a range that begins elsewhere had other starts: they are not taken over.
    expect(result.manifest.stages.find(({ name }) => name === "comparing models")).toMatchObject({
      reused: 0,
      fitted: 4,
    });
  }, 60_000);

  it("keeps what is finished when it is cancelled, and takes it up again", async () => {
    const output = join(folder, "cancelled");
    const controller = new AbortController();
    const cancelled = await runStudy(
      { ...study, output },
      {
        signal: controller.signal,
        onProgress: ({ stage }) => {
          if (stage.startsWith("2 classes")) controller.abort();
        },
      },
    );
    expect(cancelled.status).toBe("cancelled");
    expect(cancelled.chosen).toBeNull();
    expect(cancelled.manifest.files).toContain("models/gmm-1.json");
    expect(cancelled.manifest.notFinished).toEqual(
      expect.arrayContaining(["GMM with 3 classes", "LCGA with 2 classes", "the report"]),
    );
    expect(existsSync(join(output, "report.html"))).toBe(false);
    const resumed = await runStudy({ ...study, output });
    expect(resumed.status).toBe("complete");
    expect(resumed.manifest.stages.find(({ name }) => name === "comparing models")).toMatchObject({
      reused: 2,
      fitted: 4,
    });
  }, 60_000);

  it("does further inference on the chosen model, keeps it, and takes it over", async () => {
    const tests = ["week@1 = week@2", "week@3 = 0"];
    const asked: ResolvedStudy = {
      ...study,
      output: join(folder, "inference"),
      classes: { from: 1, to: 3 },
      choose: null,
      rule: { ...study.rule, minimumClassProportion: 0.3 },
      growth: null,
      membership: null,
      outcomes: null,
      inference: { ...study.inference, profile: true, bootstrap: 6, tests },
    };
    const first = await runStudy(asked);
    expect(first.chosen?.model.classes).toBe(2);
    const { tests: done, profileIntervals, bootstrap } = first.inference!;
    // The chosen model has no class 3: a warning, not the end of the run.
    expect(done!.map(({ hypotheses }) => hypotheses)).toEqual([["week@1 - week@2 = 0"]]);
    expect(first.manifest.warnings.join()).toContain("Not tested in the chosen model");
    expect(profileIntervals!.map(({ name }) => name)).toContain("residual sd");
    expect(bootstrap!.replicates.finished).toBe(6);
    for (const file of ["intervals.csv", "tests.csv", "bootstrap-classes.csv"])
      expect(first.manifest.files).toContain(file);
    const stored = JSON.parse(await read("inference", "models", "chosen.json"));
    expect(stored.tests).toEqual(JSON.parse(JSON.stringify(done)));
    const other = JSON.parse(await read("inference", "models", "gmm-2.json"));
    expect(other).not.toHaveProperty("tests");

    const notes: string[] = [];
    const second = await runStudy(asked, { onNote: (sentence) => notes.push(sentence) });
    expect(second.inference).toEqual(first.inference);
    expect(notes.join()).toContain("bootstrap: taken over from an earlier run");

    // Cancelled in the middle of the bootstrap, then taken up again: the finished jobs are not done twice.
    const controller = new AbortController();
    const inline = createInlineRunner();
    const replicates: string[] = [];
    const counting: JobRunner = {
      ...inline,
      run: (jobs, options) => {
        replicates.push(...jobs.filter(({ task }) => task === "bootstrap").map(({ label }) => label));
        return inline.run(jobs, options);
      },
    };
    const long = { ...asked, inference: { ...asked.inference, bootstrap: 100 } };
    const stopped = await runStudy(long, {
      runner: counting,
      signal: controller.signal,
      onProgress: ({ stage, done }) => {
        if (stage.includes("bootstrap") && done >= 2) controller.abort();
      },
    });
    expect(stopped.status).toBe("cancelled");
    expect(stopped.manifest.notFinished).toContain("intervals and tests of the chosen model");
    const all = replicates.splice(0).length;
    const resumed = await runStudy(long, { runner: counting });
    expect(replicates.length).toBeLessThan(all);
    expect(resumed.inference?.bootstrap?.replicates.finished).toBe(100);
    const fresh = await runStudy({ ...long, output: join(folder, "fresh") });
    expect(resumed.inference?.bootstrap?.estimates).toEqual(fresh.inference?.bootstrap?.estimates);

    const more = { ...asked, inference: { ...asked.inference, bootstrap: 7 } };
    const stage = (await runStudy(more)).manifest.stages.find(({ name }) => name.startsWith("intervals"));
    expect(stage).toMatchObject({ reused: 1, fitted: 1 });
  }, 60_000);

  it("refuses before fitting every structure that does not suit the data, by its name", async () => {
    const [first] = study.structures;
    const structures = [
      first!,
      { name: "Misspelt", spec: { ...first!.spec, constraints: ["wek = 0"] } },
      { name: "Halves", spec: { ...first!.spec, residual: "ar1" as const } },
    ];
    const output = join(folder, "unsuited");
    const problems = await runStudy({ ...study, output, structures }).catch((error) => {
      if (error instanceof InputError) return error.problems.map(({ where }) => where);
      throw error;
    });
    expect(problems).toEqual([
      'models.Misspelt: constraint "wek = 0"',
      // Weeks are not whole numbers here.
      expect.stringMatching(/^models\.Halves: person \S+, week /),
    ]);
  });

  it("refuses before fitting a hypothesis about what no model has, and a growth curve that cannot be", async () => {
    const output = join(folder, "refused");
    const inference = { ...study.inference, tests: ["week@4 = 0", "wek = 0"] };
    const stages: string[] = [];
    const options = { onProgress: ({ stage }: { stage: string }) => void stages.push(stage) };
    const asked = runStudy({ ...study, output, inference }, options);
    await expect(asked).rejects.toThrow(/week has no class 4.*\n.*There is no parameter "wek"/);
    const growth = { ...study.growth!, residual: "ar1" as const };
    // Weeks are not whole numbers here.
    await expect(runStudy({ ...study, output, growth }, options)).rejects.toThrow(InputError);
    expect(stages.join()).not.toContain("screening");
  }, 60_000);

  it("deletes what only an earlier run wrote, once it is complete", async () => {
    const output = join(folder, "again");
    const small = { ...study, output, growth: null, membership: null, outcomes: null };
    const first = await runStudy({ ...small, classes: { from: 1, to: 2 } });
    await writeFile(join(output, "models", "own.json"), "{}");
    const fewer = { ...small, classes: { from: 1, to: 1 } };
    const controller = new AbortController();
    const stopped = await runStudy(fewer, {
      signal: controller.signal,
      onProgress: ({ stage }) => {
        if (stage === "writing the report") controller.abort();
      },
    });
    expect(stopped.status).toBe("cancelled");
    expect(existsSync(join(output, "models", "gmm-2.json"))).toBe(true);
    const notes: string[] = [];
    const second = await runStudy(fewer, { onNote: (sentence) => notes.push(sentence) });
    expect(second.manifest.earlierFiles).toEqual([]);
    expect(notes.join("\n")).toMatch(/\d+ files of an earlier run removed/);
    const stale = first.manifest.files.filter((file) => !second.manifest.files.includes(file));
    expect(stale).toContain("models/gmm-2.json");
    for (const file of stale) expect(existsSync(join(output, file)), file).toBe(false);
    for (const file of [...second.manifest.files, "models/own.json"])
      expect(existsSync(join(output, file)), file).toBe(true);
  }, 60_000);

  it("lets another error than the cancellation through, and tells it in the manifest", async () => {
    const output = join(folder, "failed");
    const controller = new AbortController();
    const failing: JobRunner = {
      ...createInlineRunner(),
      run: () => {
        controller.abort();
        return Promise.reject(new RunFailure("worker-died", "A worker died."));
      },
    };
    const run = runStudy({ ...study, output }, { signal: controller.signal, runner: failing });
    await expect(run).rejects.toThrow("A worker died.");
    const manifest = JSON.parse(await readFile(join(output, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ status: "failed", error: "A worker died." });
    expect(manifest.notFinished).toContain("the report");
    const none = { ...study, output, prep: { ...study.prep, data: join(folder, "none.csv") } };
    await expect(runStudy(none)).rejects.toThrow(InputError);
  }, 60_000);
});
