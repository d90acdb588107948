import type { Command } from "commander";
import { InputError } from "../core/errors.js";
import type { FitResult } from "../models/result.js";
import type { Cohort } from "../prep/types.js";
import type { FurtherInference } from "../report/input.js";
import type { InferenceRequest } from "../study/inference.js";
import {
  addDataOptions,
  addFitOptions,
  addInferenceOptions,
  addModelOptions,
  collect,
  type RawOptions,
} from "./declare.js";
import type { OptionReader } from "./options.js";
import { cancellable, EXIT, writeJson } from "./outcome.js";

/**
 * Declares `symtraj fit`.
 * @param program - the command line
 */
export function declareFit(program: Command): void {
  const command = program
    .command("fit")
    .description("fit one trajectory model to a data file (one row per session)")
    .argument("<data>", "data file: CSV, TSV, Parquet or JSON, also .gz");
  addModelOptions(addDataOptions(command))
    .option("--random <formula>", 'random effects, e.g. "1 + week"; 0 for none (default: "1")')
    .option("--classes <n>", "number of latent classes", "1")
    .option("--orders <list>", "degree of time in each class, e.g. 2,1,0")
    .option(
      "--constrain <rule>",
      'fix a parameter or set some equal, e.g. "month@1 = 0"; repeat it for several',
      collect,
    )
    .option("--reml", "restricted maximum likelihood (one class)");
  addFitOptions(addInferenceOptions(command))
    .option("--out <folder>", "keep the result: model.json, memberships.csv, set-aside.csv and more")
    .action(runFit);
}

async function runFit(file: string, raw: RawOptions): Promise<void> {
  const { OptionReader, readFitOptions, readModelOptions, readWorkers } = await import("./options.js");
  const { explainingNames, furtherColumns, readCohort, readDataOptions } = await import("./data.js");
  const read = new OptionReader(raw);
  const data = readDataOptions(read, file);
  const random = read.text("random");
  const classes = read.number("classes", { whole: true, least: 1, most: 50 }) ?? 1;
  const constraints = read.list("constrain");
  const orders = read.wholeNumbers("orders");
  const spec = {
    ...readModelOptions(read, data.outcome, data.time),
    ...(random === undefined ? {} : { random }),
    classes,
    ...(constraints.length === 0 ? {} : { constraints }),
    ...(orders === undefined ? {} : { orders }),
  };
  const options = readFitOptions(read);
  const workers = readWorkers(read) ?? "auto";
  const request = readInferenceRequest(read);
  read.check();

  const { resolveSpec } = await import("../models/spec.js");
  const texts = [spec.fixed ?? data.time, random, spec.classSpecific, spec.membership];
  const { resolved, cohort } = await explainingNames(data, texts, async () => {
    const resolved = resolveSpec(spec);
    const formulas = [resolved.fixed, resolved.random, resolved.classSpecific, resolved.membership];
    return { resolved, cohort: await readCohort(data, formulas, furtherColumns(resolved)) };
  });
  const { asksForInference, furtherInference, hypothesisProblems } = await import("../study/inference.js");
  // Before the fit, which may take long.
  const mistakes = hypothesisProblems(cohort.long, [resolved], request.tests);
  if (mistakes.length > 0) throw new InputError(mistakes);
  const { fit } = await import("../models/fitModel.js");
  const { createProgressLine } = await import("./progress.js");
  const line = createProgressLine();
  // The fit of one class is one job: threads would only add their start-up time.
  const manyJobs = classes > 1 || request.bootstrap > 0 || request.profile;
  const runner = manyJobs ? (await import("../workers/index.js")).createRunner(workers) : undefined;
  try {
    const result = await cancellable(async (signal) => {
      const context = { ...(runner === undefined ? {} : { runner }), signal, onProgress: line.update };
      const fitted = await fit(cohort.long, spec, { ...options, ...context });
      if (!asksForInference(request)) return { fitted, inference: {} };
      const inference = await furtherInference(cohort.long, fitted, request, context);
      if (signal.aborted) process.exitCode = EXIT.cancelled;
      return { fitted, inference };
    });
    line.finish();
    const { joinLedgers } = await import("../study/ledger.js");
    const { fitted, inference } = result;
    const rows = joinLedgers(cohort.ledger, fitted.rows);
    await showFit({ ...fitted, rows }, inference, cohort, read.text("out"), read.flag("json"));
  } finally {
    line.finish();
    await runner?.close();
  }
}

async function showFit(
  fit: FitResult,
  inference: FurtherInference,
  cohort: Cohort,
  out: string | undefined,
  json: boolean,
): Promise<void> {
  const kept =
    out === undefined ? undefined : await (await import("./keep.js")).keepFit(out, fit, inference, cohort);
  if (json) {
    const posteriors = kept === undefined ? fit.posteriors : { file: kept.memberships };
    writeJson({ ...fit, ...inference, posteriors });
    return;
  }
  const { fitSummary } = await import("./fitSummary.js");
  const { inferenceSummary } = await import("./inferenceSummary.js");
  const further = inferenceSummary(inference);
  process.stdout.write(`${fitSummary(fit)}${further === "" ? "" : `\n${further}`}`);
  if (kept !== undefined) process.stdout.write(`Kept in ${out}: ${kept.files.join(", ")}\n`);
}

/** Reads the options of `addInferenceOptions`. */
function readInferenceRequest(read: OptionReader): InferenceRequest {
  const kind = read.choice("bootstrapKind", ["nonparametric", "parametric"] as const);
  const bootstrap = read.number("bootstrap", { whole: true, least: 1 }) ?? 0;
  const influence = read.number("influence", { whole: true, least: 1 }) ?? 0;
  if (kind !== undefined && read.text("bootstrap") === undefined)
    read.problems.push({
      code: "missing-option",
      where: "--bootstrap-kind",
      message: "It says how to draw samples, but not how many.",
      fix: "Add --bootstrap, e.g. --bootstrap 500.",
    });
  if (influence > 0 && read.flag("reml"))
    read.problems.push({
      code: "reml-influence",
      where: "--influence",
      message: "Under REML a person has no share of the likelihood of their own.",
      fix: "Leave --reml or --influence out.",
    });
  if (read.flag("robust") && read.list("test").length === 0)
    read.problems.push({
      code: "missing-option",
      where: "--robust",
      message: "It says how to test, but not what.",
      fix: 'Add --test, e.g. --test "month@1 = month@2"; the tables have robust standard errors in any case.',
    });
  if (read.flag("robust") && read.flag("reml"))
    read.problems.push({
      code: "reml-robust",
      where: "--robust",
      message:
        "Under REML a person has no share of the likelihood of their own, so there are no robust errors.",
      fix: "Leave --reml or --robust out.",
    });
  return {
    profile: read.flag("profile"),
    bootstrap,
    bootstrapKind: kind ?? "nonparametric",
    tests: read.list("test"),
    robust: read.flag("robust"),
    influence,
  };
}
