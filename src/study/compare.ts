import { compareFits, enumerate, enumerationKey } from "../models/enumeration.js";
import type { EnumerationResult, FitResult } from "../models/result.js";
import type { Cohort } from "../prep/types.js";
import { fitContext, fitKey, noteStage, type Run, stopIfCancelled } from "./context.js";
import { joinLedgers } from "./ledger.js";
import type { ResolvedStudy } from "./resolve.js";

/**
 * Fits every structure with every number of classes and chooses one model: the study's own choice, else the rule's.
 * @param run - the run; what is finished is noted in it, also when it is cancelled
 * @param cohort - the prepared data
 * @returns the comparison and the model chosen
 * @throws RunFailure `cancelled`
 */
export async function compareModels(
  run: Run,
  cohort: Cohort,
): Promise<{ enumeration: EnumerationResult; chosen: FitResult }> {
  const { study, finished } = run;
  const begun = performance.now();
  const { fits, reused, made } = await fitAll(run, cohort);
  const entries = modelsOf(study).flatMap(({ structure, classes }) => {
    const found = fits.get(enumerationKey(structure, classes));
    if (found === undefined) return [];
    return [{ structure, fit: { ...found, rows: joinLedgers(cohort.ledger, found.rows) } }];
  });
  const enumeration = compareFits(entries, study.rule);
  finished.enumeration = enumeration;
  noteStage(run, "comparing models", begun, reused, made);
  stopIfCancelled(run);
  const choice = chooseModel(study, enumeration);
  if (choice.warning !== undefined) finished.choiceWarnings.push(choice.warning);
  finished.enumeration = { ...enumeration, ...choice.enumeration };
  finished.chosen = enumeration.fits[choice.index]!;
  return { enumeration: finished.enumeration, chosen: finished.chosen };
}

/**
 * Lists every model of a study's comparison, in the order of tables.
 * @param study - the study
 * @returns structure names with numbers of classes
 */
export function modelsOf({ structures, classes }: ResolvedStudy): { structure: string; classes: number }[] {
  const range = Array.from({ length: classes.to - classes.from + 1 }, (_, i) => classes.from + i);
  return structures.flatMap(({ name }) => range.map((k) => ({ structure: name, classes: k })));
}

/** Fits what the output folder does not hold yet, and keeps each number of classes as soon as it is done. */
async function fitAll(
  run: Run,
  cohort: Cohort,
): Promise<{ fits: Map<string, FitResult>; reused: number; made: FitResult[] }> {
  const { study, cache } = run;
  const keys = new Map<string, string>();
  const fits = new Map<string, FitResult>();
  for (const { structure, classes } of modelsOf(study)) {
    const spec = study.structures.find(({ name }) => name === structure)!.spec;
    // Beyond the first, a model also starts from the one with a class fewer, so it depends on where the range begins.
    const { from } = study.classes;
    const key = await fitKey(run, cohort, { ...spec, classes, ...(classes > from ? { from } : {}) });
    keys.set(enumerationKey(structure, classes), key);
    const kept = await cache.get<FitResult>(key);
    if (kept !== undefined) fits.set(enumerationKey(structure, classes), kept);
  }
  const reused = fits.size;
  const made: FitResult[] = [];
  if (reused < keys.size) {
    const writes: Promise<void>[] = [];
    await enumerate(
      cohort.long,
      { structures: study.structures, classes: study.classes, rule: study.rule },
      {
        ...study.fit,
        ...fitContext(run),
        known: new Map(fits),
        onFit: (name, fit) => {
          fits.set(name, fit);
          made.push(fit);
          writes.push(cache.put(keys.get(name)!, fit));
        },
      },
    );
    await Promise.all(writes);
  }
  return { fits, reused, made };
}

interface Choice {
  readonly index: number;
  /** What the choice changes in the enumeration's own words. */
  readonly enumeration: Partial<EnumerationResult>;
  readonly warning?: string;
}

/** The user's choice where there is one, else the rule's; else the lowest criterion, with a warning. */
function chooseModel({ choose, rule }: ResolvedStudy, enumeration: EnumerationResult): Choice {
  const { rows, explanation } = enumeration;
  const pick = (index: number, sentence: string, warning?: string): Choice => ({
    index,
    enumeration: {
      chosen: index,
      rows: rows.map((row, i) => ({ ...row, chosen: i === index })),
      explanation: `${explanation} ${sentence}`,
    },
    ...(warning === undefined ? {} : { warning }),
  });
  if (choose !== null) {
    const index = rows.findIndex((row) => row.structure === choose.model && row.classes === choose.classes);
    const reasons = rows[index]!.excludedBecause.join("; ");
    const model = `${choose.model} with ${choose.classes} ${choose.classes === 1 ? "class" : "classes"}`;
    return pick(
      index,
      `The study file chose ${model}${enumeration.chosen === index ? ", as the rule does" : " in place of the rule"}.`,
      reasons === "" ? undefined : `The model that the study file chose did not meet the rule: ${reasons}.`,
    );
  }
  if (enumeration.chosen !== null) return { index: enumeration.chosen, enumeration: {} };
  const values = rows.map((row) => row.criteria[rule.criterion]);
  const index = Math.max(0, values.indexOf(Math.min(...values.filter(Number.isFinite))));
  const sentence = `The report shows the model of the lowest criterion; do not rely on it: ${rows[index]!.excludedBecause.join("; ")}.`;
  return pick(index, sentence, `No model met the rule of selection. ${sentence}`);
}
