import { formatNumber, joinWords } from "./format.js";
import type { OutcomeMeasure, ReportInput } from "./input.js";

/**
 * The measures that outcomes rest on: the first one of depression and those of anxiety; without any, the first measure.
 * @param measures - every measure of the study, in its order
 * @returns those used; `personOutcomes` of the preparation chooses among several of anxiety person by person
 */
export function outcomeMeasures<T extends OutcomeMeasure>(measures: readonly T[]): readonly T[] {
  const depression = measures.find(({ role }) => role === "depression");
  const anxiety = measures.filter(({ role }) => role === "anxiety");
  const used = [...(depression === undefined ? [] : [depression]), ...anxiety];
  return used.length > 0 ? used : measures.slice(0, 1);
}

/**
 * The cut-offs of the outcomes of treatment, in words.
 * @param measures - every measure of the study, in its order
 * @returns e.g. `At caseness: PHQ-9 ≥ 10 or GAD-7 ≥ 8. Reliable change: PHQ-9 by at least 6, GAD-7 by at least 4.`;
 *   empty without measures
 */
export function outcomeCutoffs(measures: readonly OutcomeMeasure[]): string {
  const used = outcomeMeasures(measures);
  if (used.length === 0) return "";
  const cutoffs = used.flatMap((each) =>
    each.caseness === null
      ? []
      : [`${each.label} ${each.casenessExclusive === true ? ">" : "≥"} ${plain(each.caseness)}`],
  );
  const changes = used.flatMap((each) =>
    each.reliableChange === null ? [] : [`${each.label} by at least ${plain(each.reliableChange)}`],
  );
  const none = joinWords(used.map(({ label }) => label));
  return [
    cutoffs.length > 0
      ? `At caseness: ${cutoffs.join(" or ")}.`
      : `No cut-off of caseness is known for ${none}.`,
    changes.length > 0
      ? `Reliable change: ${changes.join(", ")}.`
      : `No reliable change is known for ${none}.`,
    ...choiceOfAnxiety(used),
  ].join(" ");
}

/** Which of several anxiety measures counts; nothing to say with one. */
function choiceOfAnxiety(used: readonly OutcomeMeasure[]): string[] {
  const anxiety = used.filter(({ role }) => role === "anxiety");
  if (anxiety.length < 2) return [];
  const general = anxiety.find(({ name }) => name === "gad7");
  const specific = anxiety.filter((each) => each !== general).map(({ label }) => label);
  const otherwise = general === undefined ? "" : `, otherwise the ${general.label}`;
  return [
    `The anxiety measure of a person is the ${specific.length > 1 ? `first of ${joinWords(specific)}` : specific[0]} that was scored at least twice${otherwise}; the others do not count for that person.`,
  ];
}

/** The definitions, the same in every study (NHS England, the NHS Talking Therapies manual). */
const DEFINITIONS =
  "Recovery: at caseness at the first score and below every cut-off at the last; whoever was not at caseness at the start is not eligible. Reliable improvement: a measure fell reliably between the first and the last score, and none rose reliably; reliable deterioration: the mirror image; no reliable change: neither. Reliable recovery: recovery with reliable improvement.";

/**
 * What the outcomes of treatment mean, for the methods and beneath figure and table.
 * @param input - the report's input; with `outcomeMeasures` the cut-offs are named
 * @returns sentences; empty when there are no outcomes
 */
export function outcomeDefinitions(input: ReportInput): string {
  if (input.cohort.outcomes.length === 0) return "";
  const cutoffs = outcomeCutoffs(input.outcomeMeasures ?? []);
  return cutoffs === "" ? DEFINITIONS : `${cutoffs} ${DEFINITIONS}`;
}

function plain(value: number): string {
  return formatNumber(value, Number.isInteger(value) ? 0 : 2).replace(/(\.\d)0$/, "$1");
}
