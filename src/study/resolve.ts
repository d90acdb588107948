import { resolve } from "node:path";
import { DEFAULT_SELECTION_RULE } from "../models/enumeration.js";
import type { SelectionRule } from "../models/result.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions, type ModelSpec, resolveSpec } from "../models/spec.js";
import { resolvePrepSpec } from "../prep/spec.js";
import type { PrepSpec } from "../prep/types.js";
import { DEFAULT_CLASSES } from "./check.js";
import { type InferenceRequest, NO_INFERENCE } from "./inference.js";
import type { LoadedStudy } from "./load.js";
import { prepInput } from "./prepInput.js";
import type { GrowthSection, ModelSection, StudyFile } from "./schema.js";
import { parseStarts, type Starts } from "./starts.js";
import { timeLabelOf } from "./words.js";

/** A named structure of trajectory model, complete save for the number of classes. */
export interface ResolvedStructure {
  readonly name: string;
  readonly spec: Omit<ModelSpec, "classes">;
}

/** A study with every default filled in: what runs, and what the manifest records. Plain JSON. */
export interface ResolvedStudy {
  readonly title: string;
  /** Absolute path of the study file. */
  readonly studyFile: string;
  readonly prep: PrepSpec;
  /** Words for the time axis. */
  readonly timeLabel: string;
  /** The measure that the models are about. */
  readonly outcome: string;
  readonly structures: readonly ResolvedStructure[];
  readonly classes: { readonly from: number; readonly to: number };
  readonly rule: SelectionRule;
  /** The user's own choice of model, in place of the rule's. */
  readonly choose: { readonly model: string; readonly classes: number } | null;
  readonly fit: FitOptions;
  /** What is asked of the chosen model beyond its standard errors. */
  readonly inference: InferenceRequest;
  /** The growth curve with covariates. */
  readonly growth: ModelSpec | null;
  readonly membership: { readonly formula: string; readonly references: "all" | readonly number[] } | null;
  readonly outcomes: { readonly names: readonly string[]; readonly formula: string } | null;
  /** Absolute path of the output folder. */
  readonly output: string;
  readonly seed: number;
  readonly workers: number | "auto";
}

/** What the command line may set in place of the study file. */
export interface StudyOverrides {
  /** Data file, relative to the working folder. */
  readonly data?: string;
  readonly output?: string;
  readonly seed?: number;
  readonly workers?: number;
  readonly starts?: Starts;
}

/**
 * Fills every default of a study in one place.
 * @param loaded - the study as read
 * @param overrides - settings of the command line
 * @returns the study that runs
 * @throws InputError listing every value that the models or `prep` refuse
 */
export function resolveStudy(loaded: LoadedStudy, overrides: StudyOverrides = {}): ResolvedStudy {
  const { study, directory } = loaded;
  const outcome = study.outcome ?? Object.keys(study.measures)[0]!;
  const { data, ...input } = prepInput(study, directory);
  const prep = resolvePrepSpec({
    ...input,
    data: overrides.data === undefined ? data : resolve(overrides.data),
  });
  const time = prep.time.name;
  const seed = overrides.seed ?? study.seed ?? DEFAULT_FIT_OPTIONS.seed;
  const structures = (study.enumeration?.structures ?? Object.keys(study.models)).map((name) => ({
    name,
    spec: resolveStructure(study.models[name]!, outcome, time),
  }));
  const predictors = study.predictors;
  return {
    title: study.title ?? "Trajectories of symptom scores",
    studyFile: loaded.path,
    prep,
    timeLabel: study.time.label ?? timeLabelOf(prep.time),
    outcome,
    structures,
    classes: study.enumeration?.classes ?? DEFAULT_CLASSES,
    rule: ruleOf(study),
    choose: study.enumeration?.choose ?? null,
    fit: {
      ...DEFAULT_FIT_OPTIONS,
      ...parseStarts(study.enumeration?.starts ?? ""),
      ...overrides.starts,
      seed,
    },
    inference: inferenceOf(study),
    growth: study.growth === undefined ? null : growthSpec(study.growth, structures[0]!.spec),
    membership:
      predictors === undefined
        ? null
        : { formula: predictors.formula, references: predictors.references ?? "all" },
    outcomes:
      predictors?.outcomes === undefined
        ? null
        : { names: predictors.outcomes, formula: predictors.outcome_formula ?? predictors.formula },
    output:
      overrides.output === undefined
        ? resolve(directory, study.output ?? "results")
        : resolve(overrides.output),
    seed,
    workers: overrides.workers ?? study.workers ?? "auto",
  };
}

function resolveStructure(model: ModelSection, outcome: string, time: string): Omit<ModelSpec, "classes"> {
  const { class_specific: classSpecific, ...rest } = model;
  const { classes: _, ...spec } = resolveSpec({
    ...rest,
    ...(classSpecific === undefined ? {} : { classSpecific }),
    outcome,
    time,
  });
  return spec;
}

function ruleOf(study: StudyFile): SelectionRule {
  const e = study.enumeration ?? {};
  return {
    criterion: e.criterion ?? DEFAULT_SELECTION_RULE.criterion,
    minimumClassProportion: e.smallest_class ?? DEFAULT_SELECTION_RULE.minimumClassProportion,
    minimumEntropy: e.minimum_entropy ?? DEFAULT_SELECTION_RULE.minimumEntropy,
    requireReplication: e.require_replication ?? DEFAULT_SELECTION_RULE.requireReplication,
  };
}

function inferenceOf({ inference = {} }: StudyFile): InferenceRequest {
  const { bootstrap_kind: bootstrapKind, ...rest } = inference;
  return { ...NO_INFERENCE, ...rest, ...(bootstrapKind === undefined ? {} : { bootstrapKind }) };
}

/** The growth curve of the first model's time terms, each covariate acting on the level and on change. */
function growthSpec(growth: GrowthSection, first: Omit<ModelSpec, "classes">): ModelSpec {
  const by = growth.by ?? [first.time];
  // REML has no scores to sum by cluster.
  const cluster = growth.cluster ?? (growth.reml === true ? undefined : first.cluster);
  const effects = growth.covariates.flatMap((name) => [name, ...by.map((term) => `${name}:${term}`)]);
  return resolveSpec({
    outcome: first.outcome,
    time: first.time,
    fixed: [growth.fixed ?? first.fixed, ...effects].join(" + "),
    random: growth.random ?? `1 + ${first.time}`,
    reml: growth.reml ?? false,
    ...(growth.residual === undefined ? {} : { residual: growth.residual }),
    ...(growth.occasion === undefined ? {} : { occasion: growth.occasion }),
    ...(cluster === undefined ? {} : { cluster }),
  });
}
