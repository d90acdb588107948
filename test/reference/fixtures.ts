import { existsSync, readFileSync } from "node:fs";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import type { ModelSpecInput } from "../../src/models/spec.js";

/** lcmm's own standard errors: class by class, logits against class `membership.reference`. */
export interface PackageErrors {
  readonly classes?: readonly (readonly number[])[];
  readonly membership?: readonly (readonly number[])[];
  readonly residualSd?: number;
  /** Of the lower triangle of the Cholesky factor of D by rows (of that of class `membership.reference`, where classes scale it). */
  readonly cholesky?: readonly number[];
  /** Of the factors by which classes multiply the standard deviations of the random effects. */
  readonly scales?: readonly number[];
}

/** One model fitted by other software; see README.md in this folder. */
export interface ReferenceModel {
  readonly name: string;
  readonly package: string;
  readonly call: string;
  readonly data: "sim600" | "reframed";
  readonly where?: string;
  readonly nPersons: number;
  readonly nObservations: number;
  readonly spec: ModelSpecInput;
  readonly logLik: number;
  /** An independent maximisation of the same likelihood. */
  readonly logLikCrossCheck?: { readonly package: string; readonly logLik: number };
  readonly npar: number;
  /** One class: term -> [estimate, standard error]. */
  readonly fixed?: Readonly<Record<string, readonly [number, number]>>;
  /** Their standard errors from the whole observed information, where the software takes the variances as known. */
  readonly observedSe?: Readonly<Record<string, number>>;
  /** One, one per class, one per occasion, or class by class the occasions. */
  readonly residualSd: readonly number[];
  readonly residualSdSe?: readonly number[];
  /** Occasions of the residual standard deviations, where they differ by occasion. */
  readonly occasions?: readonly number[];
  readonly autocorrelation?: number;
  readonly autocorrelationSe?: number;
  /** Latent basis: occasion -> [free loading, standard error]. */
  readonly loadings?: Readonly<Record<string, readonly [number, number]>>;
  /** One matrix, or one per class. */
  readonly covarianceD?: readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[];
  /** Standard errors of the lower triangle of D, by rows. */
  readonly covarianceSe?: readonly number[];
  readonly classes?: readonly {
    readonly fixed: readonly number[];
    readonly se: readonly number[] | null;
    readonly proportion: number;
    readonly assigned: number;
  }[];
  readonly membership?: {
    readonly names: readonly string[];
    readonly reference: number;
    readonly logits: readonly (readonly number[])[];
    readonly se: readonly (readonly number[])[] | null;
  };
  readonly entropy?: number;
  /** Posterior probabilities of some people, by their name, classes in the order of `classes`. */
  readonly posteriors?: Readonly<Record<string, readonly number[]>>;
  /** Standard errors that the package itself gives where `se` are those of exact derivatives, or where it has others on a scale of its own. */
  readonly packageSe?: PackageErrors;
  readonly boundary?: true;
  /** Why only the log-likelihood is compared. */
  readonly logLikOnly?: string;
  readonly localMaximum?: true;
}

/** The REFRAMED file beside the repository; its licence keeps it out. */
export const REFRAMED_FILE: URL = new URL("../../../shared/data/reframed_phq9.csv", import.meta.url);

/** Whether the REFRAMED file is there. */
export const hasReframed: boolean = existsSync(REFRAMED_FILE);

/** Reference models of a file: `sim600-models`, `sim600-structures` or `reframed-models`. */
export function referenceModels(
  name: "sim600-models" | "sim600-structures" | "reframed-models",
): readonly ReferenceModel[] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")) as ReferenceModel[];
}

/** Where a model is of two outcomes: a row per score, told apart by two columns of 0 and 1. */
const STACKED = "phq9 and gad7 stacked, session <= 6";

/** The rows a reference model was fitted to. */
export function dataOf(model: ReferenceModel): LongTable {
  const last = Number(/<= (\d+)$/.exec(model.where ?? "")?.[1] ?? Number.POSITIVE_INFINITY);
  if (model.data === "reframed") return reframed(last);
  if (model.where === STACKED) return bothMeasures(6);
  return model.where === "without every fifth row" ? sim600(last, 5) : sim600(last);
}

/** The simulated data, with age centred as in the reference calls; `leaveOut` = 5 takes every fifth row away, so that sessions are missed. */
export function sim600(
  maximumSession: number = Number.POSITIVE_INFINITY,
  leaveOut: number = Number.POSITIVE_INFINITY,
): LongTable {
  const rows = readCsv(new URL("sim600.csv", import.meta.url)).filter(
    (row, r) => Number(row.session) <= maximumSession && (r + 1) % leaveOut !== 0,
  );
  const numbers = (name: string): number[] => rows.map((row) => Number(row[name]));
  return tableFromArrays(
    rows.map((row) => row.id!),
    {
      ...Object.fromEntries(
        ["session", "week", "phq9", "female", "employed", "ltc", "imd"].map((name) => [name, numbers(name)]),
      ),
      agec: numbers("age").map((age) => (age - 38) / 10),
    },
    "session",
  );
}

/** Both measures of the simulated data up to a session, one below the other. */
function bothMeasures(maximumSession: number): LongTable {
  const rows = readCsv(new URL("sim600.csv", import.meta.url))
    .filter((row) => Number(row.session) <= maximumSession)
    .flatMap((row) => ["phq9", "gad7"].map((measure) => ({ row, measure })));
  return tableFromArrays(
    rows.map(({ row }) => row.id!),
    {
      session: rows.map(({ row }) => Number(row.session)),
      score: rows.map(({ row, measure }) => Number(row[measure])),
      p: rows.map(({ measure }) => Number(measure === "phq9")),
      g: rows.map(({ measure }) => Number(measure === "gad7")),
    },
    "session",
  );
}

/** The REFRAMED data up to a month, with the covariates of the reference calls. */
export function reframed(maximumMonth: number): LongTable {
  const rows = readCsv(REFRAMED_FILE).filter((row) => Number(row.month) <= maximumMonth);
  const numbers = (name: string): number[] => rows.map((row) => Number(row[name]));
  return tableFromArrays(
    rows.map((row) => row.patient!),
    {
      month: numbers("month"),
      phq9: numbers("phq9"),
      female: numbers("female"),
      agec: numbers("age").map((age) => (age - 48) / 10),
      rodbt: rows.map((row) => Number(row.grp === "RO-DBT")),
    },
    "month",
  );
}

/** Rows of a comma-separated file whose quoted cells hold no line breaks or quotes. */
function readCsv(file: URL): Record<string, string>[] {
  const [header, ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const cells = (line: string): string[] =>
    [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map((match) => match[2] ?? match[1]!);
  const names = cells(header!);
  return lines.map((line) => {
    const values = cells(line);
    return Object.fromEntries(names.map((name, j) => [name, values[j]!]));
  });
}
