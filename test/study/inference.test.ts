import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrap } from "../../src/models/bootstrap.js";
import { fit } from "../../src/models/fitModel.js";
import { waldTest } from "../../src/models/inference/wald.js";
import { influence } from "../../src/models/influence.js";
import { createLocalRunner } from "../../src/models/localRunner.js";
import { profileIntervals } from "../../src/models/profile.js";
import type { FitResult } from "../../src/models/result.js";
import { resolveSpec } from "../../src/models/spec.js";
import { fitFromJson, fitToJson } from "../../src/report/fitJson.js";
import { furtherInference, hypothesisProblems, NO_INFERENCE } from "../../src/study/inference.js";
import { writeInference } from "../../src/study/inferenceFiles.js";
import { cohort, problemsOf, QUICK, twoKinds } from "../models/helpers.js";

const table = cohort(60, 4, twoKinds);
const SPEC = { outcome: "score", time: "time", random: "1", classes: 2 } as const;
const ALL = {
  profile: true,
  bootstrap: 4,
  bootstrapKind: "parametric",
  tests: ["time@1 = time@2", "residual sd = 1.5"],
  robust: false,
  influence: 3,
} as const;

let result: FitResult;
let folder: string;
beforeAll(async () => {
  result = await fit(table, SPEC, QUICK);
  folder = await mkdtemp(join(tmpdir(), "symtraj-inference-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("furtherInference", () => {
  it("is what the models give one by one", async () => {
    const all = await furtherInference(table, result, ALL);
    expect(all.tests).toEqual(ALL.tests.map((text) => waldTest(result, text)));
    expect(all.profileIntervals).toEqual(await profileIntervals(table, result));
    expect(all.influence).toEqual(influence(result, table, 3));
    const alone = await bootstrap(table, result, { replicates: 4, kind: "parametric" });
    expect(all.bootstrap?.parameters).toEqual(alone.parameters);
  });

  it("tests by robust errors where asked", async () => {
    const { tests } = await furtherInference(table, result, {
      ...NO_INFERENCE,
      tests: ALL.tests,
      robust: true,
    });
    expect(tests).toEqual(ALL.tests.map((text) => waldTest(result, text, { covariance: "robust" })));
  });

  it("does nothing that was not asked for", async () => {
    expect(await furtherInference(table, result, NO_INFERENCE)).toEqual({});
    expect(
      Object.keys(await furtherInference(table, result, { ...ALL, ...NO_INFERENCE, profile: true })),
    ).toEqual(["profileIntervals"]);
  });

  it("gives what is finished when it is cancelled", async () => {
    const controller = new AbortController();
    const inner = createLocalRunner();
    const runner: typeof inner = {
      ...inner,
      run: (jobs, options) => {
        controller.abort();
        return inner.run(jobs, options);
      },
    };
    const some = await furtherInference(table, result, ALL, { runner, signal: controller.signal });
    expect(Object.keys(some)).toEqual(["tests", "influence"]);
  });

  it("reports every hypothesis that cannot be read", async () => {
    const request = { ...NO_INFERENCE, tests: ["tim@1 = 0", "time@2 = 0", "time@1 +"] };
    const problems = await problemsOf(() => furtherInference(table, result, request));
    expect(problems.map(({ code }) => code)).toEqual(["unknown-parameter", "contrast-syntax"]);
  });
});

describe("hypothesisProblems", () => {
  const models = [1, 2].map((classes) => resolveSpec({ ...SPEC, classes }));

  it("knows the parameters of a model before it is fitted", () => {
    const names = result.parameters.map(
      ({ name, block, class: label }) =>
        `${block === "membership" ? "membership: " : ""}${name}${label === null ? "" : `@${label}`} = 0`,
    );
    expect(hypothesisProblems(table, models.slice(1), names)).toEqual([]);
  });

  it("refuses only what none of the models has", () => {
    const texts = ["time = 0", "time@2 = 0", "time@3 = 0"];
    expect(hypothesisProblems(table, models, texts).map(({ code }) => code)).toEqual(["parameter-class"]);
    expect(hypothesisProblems(table, models.slice(0, 1), texts)).toHaveLength(2);
  });
});

describe("writeInference", () => {
  it("writes the files of what there is, with every number", async () => {
    const all = await furtherInference(table, result, ALL);
    expect(await writeInference({ tests: all.tests! }, folder)).toEqual(["tests.csv"]);
    const files = await writeInference(all, folder);
    expect(files).toHaveLength(5);
    const rows = async (file: string): Promise<string[][]> =>
      (await readFile(join(folder, file), "utf8"))
        .trimEnd()
        .split("\r\n")
        .map((line) => line.split(","));
    const nParameters = result.parameters.length;
    expect(await rows("intervals.csv")).toHaveLength(1 + all.profileIntervals!.length + nParameters);
    const [header, first] = await rows("tests.csv");
    expect(Number(first![header!.indexOf("statistic")])).toBe(all.tests![0]!.statistic);
    const people = await rows("influence.csv");
    expect(people).toHaveLength(61);
    expect(people.slice(1).map((row) => Number(row[2]))).toEqual([...all.influence!.displacement!]);
    for (const file of files)
      for (const row of await rows(file)) expect(row, file).toHaveLength((await rows(file))[0]!.length);
  });
});

describe("a stored fit with its inference", () => {
  it("is read back as the same fit", async () => {
    const further = await furtherInference(table, result, { ...ALL, bootstrap: 0 });
    const stored = JSON.parse(
      JSON.stringify(fitToJson(result, { posteriors: "inline", inference: further })),
    );
    expect(stored.tests).toHaveLength(2);
    expect(fitFromJson(stored)).toEqual({ ...result, ...further });
  });
});
