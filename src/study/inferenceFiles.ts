import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BootstrapResult } from "../models/bootstrap/types.js";
import type { WaldTest } from "../models/inference/types.js";
import type { Influence } from "../models/influence.js";
import type { ProfileInterval } from "../models/profile.js";
import type { FurtherInference } from "../report/input.js";
import { type Cell, tableToCsv } from "../report/tables/table.js";

/**
 * Writes intervals, tests and influence as CSV files: `intervals.csv` (profile and bootstrap intervals), `bootstrap-classes.csv`,
 * `bootstrap-trajectories.csv`, `tests.csv`, `influence.csv`; those of which there is something.
 * @param inference - what was done
 * @param folder - an existing folder
 * @returns names of the files written
 */
export async function writeInference(inference: FurtherInference, folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const [file, header, rows] of inferenceTables(inference)) {
    const columns = header.map((name) => ({ name }));
    await writeFile(
      join(folder, file),
      tableToCsv({ columns, rows: rows.map((row) => row.map(boundedCell)) }),
    );
    files.push(file);
  }
  return files;
}

type FileTable = readonly [file: string, header: readonly string[], rows: readonly (readonly Cell[])[]];

function inferenceTables(inference: FurtherInference): FileTable[] {
  const { profileIntervals, bootstrap, tests, influence } = inference;
  const tables: FileTable[] = [];
  if (profileIntervals !== undefined || bootstrap !== undefined)
    tables.push(intervalTable(profileIntervals ?? [], bootstrap));
  if (bootstrap !== undefined) tables.push(classTable(bootstrap), trajectoryTable(bootstrap));
  if (tests !== undefined) tables.push(testTable(tests));
  if (influence !== undefined) tables.push(influenceTable(influence));
  return tables;
}

function intervalTable(
  profiled: readonly ProfileInterval[],
  bootstrap: BootstrapResult | undefined,
): FileTable {
  const header = ["method", "parameter", "class", "estimate", "standard_error", "bias", "lower", "upper"];
  return [
    "intervals.csv",
    [...header, "lower_is_boundary", "upper_is_boundary", "note"],
    [
      ...profiled.map((each) => [
        "profile likelihood",
        each.name,
        each.class,
        each.estimate,
        null,
        null,
        each.lower,
        each.upper,
        each.lowerBoundary,
        each.upperBoundary,
        each.reason?.sentence ?? "",
      ]),
      ...(bootstrap?.parameters ?? []).map((each) => [
        `${bootstrap!.kind} bootstrap`,
        each.name,
        each.class,
        each.estimate,
        each.standardError,
        each.bias,
        each.lower,
        each.upper,
        null,
        null,
        "",
      ]),
    ],
  ];
}

function classTable({ classes }: BootstrapResult): FileTable {
  return [
    "bootstrap-classes.csv",
    ["class", "proportion", "standard_error", "bias", "lower", "upper", "stability", "dissolved"],
    classes.map(({ label, proportion: p, stability, dissolved }) => [
      label,
      p.estimate,
      p.standardError,
      p.bias,
      p.lower,
      p.upper,
      stability,
      dissolved,
    ]),
  ];
}

function trajectoryTable({ classes }: BootstrapResult): FileTable {
  return [
    "bootstrap-trajectories.csv",
    ["class", "time", "mean", "standard_error", "lower", "upper"],
    classes.flatMap(({ label, meanTrajectory: m }) =>
      m.time.map((time, t) => [label, time, m.mean[t]!, m.standardError[t]!, m.lower[t]!, m.upper[t]!]),
    ),
  ];
}

function testTable(tests: readonly WaldTest[]): FileTable {
  return [
    "tests.csv",
    [
      "hypothesis",
      "difference",
      "distribution",
      "statistic",
      "df",
      "denominator_df",
      "p",
      "covariance",
      "note",
    ],
    tests.map((test) => [
      test.hypotheses.join("; "),
      test.estimates.length === 1 ? test.estimates[0]! : null,
      test.distribution,
      test.statistic,
      test.df,
      test.denominatorDf,
      test.p,
      test.covariance,
      test.reason ?? "",
    ]),
  ];
}

function influenceTable(all: Influence): FileTable {
  const { personIds, nClasses, logLikelihood, displacement, meanChange, proportionChange } = all;
  const labels = Array.from({ length: nClasses }, (_, k) => k + 1);
  return [
    "influence.csv",
    [
      "id",
      "log_likelihood",
      "displacement",
      ...labels.map((label) => `mean_change_${label}`),
      ...labels.map((label) => `proportion_change_${label}`),
    ],
    personIds.map((id, i) => [
      id,
      logLikelihood[i]!,
      displacement?.[i] ?? null,
      ...labels.map((_, k) => meanChange?.[i * nClasses + k] ?? null),
      ...labels.map((_, k) => proportionChange?.[i * nClasses + k] ?? null),
    ]),
  ];
}

/** An end that is infinite is none that was found: the field stays empty. */
function boundedCell(value: Cell): Cell {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}
