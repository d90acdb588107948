import * as z from "zod";
import { RESIDUAL_STRUCTURES, type ResidualStructure, readResidualStructure } from "../models/residuals.js";
import type { CovarianceSharing } from "../models/spec.js";
import { OUTCOME_NAMES } from "../prep/spec.js";
import type { MeasureRole, TimeUnit } from "../prep/types.js";
import { MAX_WORKERS } from "../workers/limits.js";
import { parseStarts, STARTS_FORM } from "./starts.js";

/** Where the rows are and which columns say whose they are. */
export interface DataSection {
  /** A file or several of the same layout; relative to the study file; `*` is allowed. */
  readonly file: string | readonly string[];
  readonly format?: "csv" | "tsv" | "parquet" | "json";
  readonly layout?: "long" | "wide";
  /** Column of the person identifier. */
  readonly id: string;
  /** Column of the episode of care within a person. */
  readonly episode?: string;
  readonly episodes?: "first" | "last" | "all" | "longest";
  /** Values that mean missing, in any column. */
  readonly missing?: readonly (string | number)[];
}

/** One symptom measure; for a measure we know (`phq9`, `gad7`, …) every key has a default. */
export interface MeasureSection {
  readonly label?: string;
  readonly role?: MeasureRole;
  readonly column?: string;
  readonly items?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly item_maximum?: number;
  readonly missing_items?: number;
  readonly caseness?: number | "none";
  /** In place of `caseness`: a score must exceed it. */
  readonly caseness_above?: number;
  readonly reliable_change?: number | "none";
  readonly fractional?: boolean;
}

/** The time axis. */
export interface TimeSection {
  readonly name?: string;
  readonly label?: string;
  readonly kind?: "number" | "date" | "session";
  readonly column?: string;
  readonly pattern?: string;
  readonly origin?: "zero" | "first-session" | "column";
  readonly origin_column?: string;
  readonly unit?: TimeUnit;
}

/** Which occasions of a person are used. */
export interface SessionsSection {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly latest?: number;
  readonly duplicates?: "first" | "last" | "mean" | "set-aside";
}

/** A rule that sets rows aside: they are kept where `keep` is true. */
export interface ExclusionSection {
  readonly name?: string;
  readonly keep: string;
}

/** A covariate: a column of the data, or an expression over other columns. */
export interface CovariateSection {
  readonly column?: string;
  readonly expression?: string;
  readonly type?: "numeric" | "factor";
  readonly levels?: readonly (string | number)[];
  readonly missing?: readonly (string | number)[];
  readonly time_varying?: boolean;
}

/** A named structure of trajectory model; the number of classes is the enumeration's business. */
export interface ModelSection {
  readonly fixed?: string;
  readonly random?: string;
  readonly class_specific?: string;
  readonly membership?: string;
  readonly residual?: ResidualStructure;
  readonly occasion?: string;
  readonly cluster?: string;
  readonly covariance?: CovarianceSharing;
  readonly diagonal?: boolean;
  readonly constraints?: readonly string[];
  readonly orders?: readonly number[];
}

/** How many classes are tried, and how one model is chosen. */
export interface EnumerationSection {
  readonly classes?: { readonly from: number; readonly to: number };
  readonly structures?: readonly string[];
  readonly starts?: string;
  readonly criterion?: "bic" | "aic" | "sabic" | "caic" | "awe" | "iclBic";
  readonly smallest_class?: number;
  readonly minimum_entropy?: number;
  readonly require_replication?: boolean;
  readonly choose?: { readonly model: string; readonly classes: number };
}

/** Covariates of the growth factors: each acts on the level and, through `by`, on change. */
export interface GrowthSection {
  readonly covariates: readonly string[];
  readonly by?: readonly string[];
  readonly fixed?: string;
  readonly random?: string;
  readonly residual?: ResidualStructure;
  readonly occasion?: string;
  readonly cluster?: string;
  readonly reml?: boolean;
}

/** What is asked of the chosen model beyond its standard errors. */
export interface InferenceSection {
  readonly profile?: boolean;
  readonly bootstrap?: number;
  readonly bootstrap_kind?: "nonparametric" | "parametric";
  readonly tests?: readonly string[];
  readonly robust?: boolean;
}

/** Predictors of class membership and of outcomes. */
export interface PredictorsSection {
  readonly formula: string;
  readonly references?: "all" | readonly number[];
  readonly outcomes?: readonly string[];
  readonly outcome_formula?: string;
}

/** A study file as written, after validation; defaults are filled by `resolveStudy`. */
export interface StudyFile {
  readonly title?: string;
  readonly data: DataSection;
  readonly measures: Readonly<Record<string, MeasureSection>>;
  readonly time: TimeSection;
  readonly sessions?: SessionsSection;
  readonly exclusions?: readonly ExclusionSection[];
  readonly covariates?: Readonly<Record<string, CovariateSection>>;
  readonly outcome?: string;
  readonly models: Readonly<Record<string, ModelSection>>;
  readonly enumeration?: EnumerationSection;
  readonly inference?: InferenceSection;
  readonly growth?: GrowthSection;
  readonly predictors?: PredictorsSection;
  readonly output?: string;
  readonly seed?: number;
  readonly workers?: number | "auto";
}

// The description of a value is the "expected …" of the message when it is wrong.
const text = (expected: string): z.ZodString => z.string().min(1).describe(expected);
const count = (least: number): z.ZodNumber =>
  z.number().int().min(least).describe(`a whole number of at least ${least}`);
const flag = z.boolean().describe("true or false");
const column = text("the name of a column of the data");
const columnPattern = z
  .string()
  .regex(/\{n\}/)
  .describe("a column name with {n} in place of the occasion number, e.g. phq9_{n}");
const missingValues = z
  .array(z.union([z.string(), z.number()]))
  .describe('a list of values, e.g. ["NA", -9]');
const limit = z
  .union([z.number(), z.literal("none")])
  .describe("a number, or none where there is no such value for this measure");
/** A formula; a bare number is one too (`random: 0`, `fixed: 1`). */
const formula = z
  .preprocess((value) => (typeof value === "number" ? String(value) : value), z.string().min(1))
  .describe("a formula, e.g. 1 + week + week^2");
/** A formula of covariates; a list of names means their sum. */
const covariateFormula = z
  .preprocess(
    (value) =>
      Array.isArray(value) && value.every((name) => typeof name === "string") ? value.join(" + ") : value,
    z.string().min(1),
  )
  .describe("a formula of covariates, e.g. age + female, or a list of their names");

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const nameKey = z
  .string()
  .regex(NAME)
  .describe("a name of letters, digits and _, not starting with a digit (it is used in formulas)");

const data = z
  .strictObject({
    file: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe("the path of a data file (or a list of them), relative to the study file"),
    format: z.enum(["csv", "tsv", "parquet", "json"]).exactOptional(),
    layout: z.enum(["long", "wide"]).exactOptional(),
    id: column,
    episode: column.exactOptional(),
    episodes: z.enum(["first", "last", "all", "longest"]).exactOptional(),
    missing: missingValues.exactOptional(),
  })
  .describe("the keys file and id, at least");

const measure = z
  .strictObject({
    label: text("a label for figures, e.g. PHQ-9").exactOptional(),
    role: z.enum(["depression", "anxiety", "other"]).exactOptional(),
    column: column.exactOptional(),
    items: z.array(z.string().min(1)).min(1).describe("a list of item columns").exactOptional(),
    pattern: columnPattern.exactOptional(),
    minimum: z.number().describe("the lowest possible total score").exactOptional(),
    maximum: z.number().describe("the highest possible total score").exactOptional(),
    item_maximum: z.number().describe("the highest possible item score").exactOptional(),
    missing_items: count(0).exactOptional(),
    caseness: limit.exactOptional(),
    caseness_above: z.number().describe("a number that a case's score exceeds").exactOptional(),
    reliable_change: limit.exactOptional(),
    fractional: flag.exactOptional(),
  })
  .describe("settings of a measure (may be left empty for a known one, e.g. phq9)");

const time = z
  .strictObject({
    name: nameKey.exactOptional(),
    label: text("words for the time axis, e.g. Weeks since first session").exactOptional(),
    kind: z.enum(["number", "date", "session"]).exactOptional(),
    column: column.exactOptional(),
    pattern: columnPattern.exactOptional(),
    origin: z.enum(["zero", "first-session", "column"]).exactOptional(),
    origin_column: column.exactOptional(),
    unit: z.enum(["sessions", "days", "weeks", "months", "years"]).exactOptional(),
  })
  .describe("settings of the time axis, e.g. column: week");

const sessions = z
  .strictObject({
    minimum: count(1).exactOptional(),
    maximum: count(1).exactOptional(),
    latest: z.number().describe("a number, in the unit of time").exactOptional(),
    duplicates: z.enum(["first", "last", "mean", "set-aside"]).exactOptional(),
  })
  .describe("settings of the sessions used, e.g. minimum: 2");

const exclusions = z
  .array(
    z
      .strictObject({
        name: text("a short name for the rule").exactOptional(),
        keep: text("a condition, e.g. age >= 18"),
      })
      .describe("an entry with the key keep"),
  )
  .describe("a list of rules, each `- keep: CONDITION`");

const covariate = z
  .preprocess(
    (value) => (typeof value === "string" ? { expression: value } : value),
    z.strictObject({
      column: column.exactOptional(),
      expression: text("an expression, e.g. (age - 40) / 10").exactOptional(),
      type: z.enum(["numeric", "factor"]).exactOptional(),
      levels: z
        .array(z.union([z.string(), z.number()]))
        .min(1)
        .describe("a list of categories, the reference first")
        .exactOptional(),
      missing: missingValues.exactOptional(),
      time_varying: flag.exactOptional(),
    }),
  )
  .describe("nothing (a column of that name), an expression, or settings");

const residual = z
  .string()
  .refine((value) => readResidualStructure(value) !== null, { params: { values: RESIDUAL_STRUCTURES } })
  .transform((value) => readResidualStructure(value)!)
  .describe(`one of ${RESIDUAL_STRUCTURES.join(", ")}`);

const model = z
  .strictObject({
    fixed: formula.exactOptional(),
    random: formula.exactOptional(),
    class_specific: formula.exactOptional(),
    membership: covariateFormula.exactOptional(),
    residual: residual.exactOptional(),
    occasion: column.exactOptional(),
    cluster: column.exactOptional(),
    covariance: z.enum(["equal", "proportional", "free"]).exactOptional(),
    diagonal: flag.exactOptional(),
    constraints: z
      .array(z.string().min(1))
      .min(1)
      .describe('a list of rules in quotes, e.g. ["month@1 = 0"]')
      .exactOptional(),
    orders: z
      .array(z.number().int().min(0))
      .min(1)
      .describe("a list of whole numbers, one per class, e.g. [2, 1, 0]")
      .exactOptional(),
  })
  .describe("settings of a model, e.g. fixed: 1 + week + week^2");

const classRange = z
  .preprocess(
    readClassRange,
    z.strictObject({
      from: count(1),
      to: z.number().int().min(1).max(50).describe("a whole number from 1 to 50"),
    }),
  )
  .describe("a range such as 1-5, or the keys from and to");

const enumeration = z
  .strictObject({
    classes: classRange.exactOptional(),
    structures: z.array(z.string().min(1)).min(1).describe("a list of names of models").exactOptional(),
    starts: z
      .preprocess(
        (value) => (typeof value === "number" ? String(value) : value),
        z.string().refine((text) => parseStarts(text) !== undefined),
      )
      .describe(STARTS_FORM)
      .exactOptional(),
    criterion: z.enum(["bic", "aic", "sabic", "caic", "awe", "iclBic"]).exactOptional(),
    smallest_class: z.number().min(0).max(0.5).describe("a proportion from 0 to 0.5").exactOptional(),
    minimum_entropy: z.number().min(0).max(1).describe("a number from 0 to 1").exactOptional(),
    require_replication: flag.exactOptional(),
    choose: z
      .strictObject({ model: text("the name of a model"), classes: count(1) })
      .describe("the keys model and classes")
      .exactOptional(),
  })
  .describe("settings of the enumeration, e.g. classes: 1-5");

const inference = z
  .strictObject({
    profile: flag.exactOptional(),
    bootstrap: count(0).exactOptional(),
    bootstrap_kind: z.enum(["nonparametric", "parametric"]).exactOptional(),
    tests: z
      .array(z.string().min(1))
      .describe('a list of hypotheses in quotes, e.g. ["month@1 = month@2"]')
      .exactOptional(),
    robust: flag.exactOptional(),
  })
  .describe("settings, e.g. profile: true");

const growth = z
  .strictObject({
    covariates: z.array(z.string().min(1)).min(1).describe("a list of covariates"),
    by: z
      .array(z.string().min(1))
      .describe("a list of time terms, e.g. [week] or [week, week^2]")
      .exactOptional(),
    fixed: formula.exactOptional(),
    random: formula.exactOptional(),
    residual: residual.exactOptional(),
    occasion: column.exactOptional(),
    cluster: column.exactOptional(),
    reml: flag.exactOptional(),
  })
  .describe("settings, at least the key covariates");

const predictors = z
  .strictObject({
    formula: covariateFormula,
    references: z
      .union([z.literal("all"), z.array(z.number().int().min(1)).min(1)])
      .describe("all, or a list of class numbers, e.g. [1]")
      .exactOptional(),
    outcomes: z
      .array(z.enum(OUTCOME_NAMES))
      .describe(`a list out of ${OUTCOME_NAMES.join(", ")}`)
      .exactOptional(),
    outcome_formula: covariateFormula.exactOptional(),
  })
  .describe("settings, at least the key formula");

/** The schema of each top-level section, in the order of the documentation. */
export const STUDY_SECTIONS: { readonly [K in keyof StudyFile]-?: z.ZodType<StudyFile[K]> } = {
  title: text("a title in words").exactOptional(),
  data,
  measures: z.record(nameKey, measure).describe("the measures by name, e.g. phq9:"),
  time,
  sessions: sessions.exactOptional(),
  exclusions: exclusions.exactOptional(),
  covariates: z.record(nameKey, covariate).describe("the covariates by name, e.g. age:").exactOptional(),
  outcome: text("the name of a measure").exactOptional(),
  models: z.record(z.string().min(1), model).describe("the models by name, e.g. GMM:"),
  enumeration: enumeration.exactOptional(),
  inference: inference.exactOptional(),
  growth: growth.exactOptional(),
  predictors: predictors.exactOptional(),
  output: text("the path of a folder, relative to the study file").exactOptional(),
  seed: z.number().int().describe("a whole number").exactOptional(),
  workers: z
    .union([z.literal("auto"), z.number().int().min(0).max(MAX_WORKERS)])
    .describe(`auto, or a whole number from 0 (no threads) to ${MAX_WORKERS}`)
    .exactOptional(),
};

/** `3`, `1-5` and `1 to 5` as a range; anything else is left for the schema to refuse. */
function readClassRange(value: unknown): unknown {
  if (typeof value === "number") return { from: value, to: value };
  const match = typeof value === "string" ? /^\s*(\d+)\s*(?:-|–|to)\s*(\d+)\s*$/.exec(value) : null;
  return match === null ? value : { from: Number(match[1]), to: Number(match[2]) };
}
