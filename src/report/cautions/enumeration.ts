import type { EnumerationResult, EnumerationRow } from "../../models/result.js";
import { joinWords, numberWord, plural } from "../format.js";
import type { ReportInput } from "../input.js";
import type { Caution } from "./caution.js";

/**
 * A model of an enumeration in words.
 * @param row - its structure and number of classes
 * @returns e.g. `GMM with four classes`
 */
export function modelName(row: Pick<EnumerationRow, "structure" | "classes">): string {
  return `${row.structure} with ${row.classes === 1 ? "one class" : `${numberWord(row.classes)} classes`}`;
}

/**
 * An information criterion as it is written.
 * @param criterion - its key in the results, e.g. `sabic`
 * @returns e.g. `SABIC`
 */
export function criterionName(criterion: string): string {
  return criterion === "iclBic" ? "ICL-BIC" : criterion.toUpperCase();
}

/**
 * The model that the rule of selection names by itself, whatever the study chose.
 * @param enumeration - the comparison
 * @returns its row: of those that meet the rule the one with the lowest criterion; null when none does
 */
export function ruleFavourite({ rows, rule }: EnumerationResult): EnumerationRow | null {
  const eligible = rows.filter(
    (row) => row.excludedBecause.length === 0 && Number.isFinite(row.criteria[rule.criterion]),
  );
  return eligible.reduce<EnumerationRow | null>(
    (best, row) =>
      best === null || row.criteria[rule.criterion] < best.criteria[rule.criterion] ? row : best,
    null,
  );
}

/**
 * What the comparison of models says against the chosen one.
 * @param input - the report's input
 * @returns the cautions
 */
export function enumerationCautions(input: ReportInput): readonly Caution[] {
  const { enumeration, chosen } = input;
  if (enumeration === null)
    return chosen.classes.length > 1
      ? [
          {
            weight: "note",
            text: "The number of classes was set beforehand; no other number was compared in this run.",
            advice: "Fit one class to a few more than this, and report the comparison.",
          },
        ]
      : [];
  if (enumeration.chosen === null)
    return [
      {
        weight: "serious",
        text: "No model met the selection rule, so none was chosen by it.",
        advice:
          "See in the comparison table why each was passed over; more starts or fewer classes usually help.",
      },
    ];
  const row = enumeration.rows[enumeration.chosen]!;
  const same = enumeration.rows.filter((each) => each.structure === row.structure);
  const most = Math.max(...same.map((each) => each.classes));
  const out: Caution[] = [];
  if (row.excludedBecause.length > 0)
    out.push({
      weight: "serious",
      text: `The model of this report does not meet the selection rule: ${row.excludedBecause.join("; ")}.`,
      advice: "See in the comparison table which models do; say in the paper why this one was taken.",
    });
  const favourite = ruleFavourite(enumeration);
  if (favourite !== null && favourite !== row)
    out.push({
      weight: "note",
      text: `The study chose this model in place of the one that the rule names, ${modelName(favourite)}.`,
      advice: "Say so in the paper, and why.",
    });
  if (row.classes === most && most > 1)
    out.push({
      weight: "note",
      text: `The chosen number of classes (${row.classes}) is the largest that was tried; more classes might fit better still.`,
      advice: `Try up to ${most + 2} classes.`,
    });
  const { criterion } = enumeration.rule;
  const better = enumeration.rows.filter(
    (each) =>
      each !== row && each.excludedBecause.length > 0 && each.criteria[criterion] < row.criteria[criterion],
  );
  if (better.length > 0)
    out.push({
      weight: "note",
      text: `${better.length === 1 ? "A model" : `${plural(better.length, "model")}`} with a better ${criterionName(criterion)} ${better.length === 1 ? "was" : "were"} passed over by the rule: ${joinWords(better.slice(0, 4).map((each) => `${modelName(each)} (${each.excludedBecause.join("; ")})`))}${better.length > 4 ? " and others" : ""}.`,
      advice: "Say so in the paper, and why the rule is right for this study.",
    });
  const others = otherFavourites(enumeration, row);
  if (others.length > 0)
    out.push({ weight: "note", text: `The criteria disagree: ${joinWords(others)}.`, advice: "" });
  return out;
}

/** Models that BIC, SABIC or AIC would choose in place of the chosen one, criteria of one mind together. */
function otherFavourites(enumeration: EnumerationResult, chosen: EnumerationRow): readonly string[] {
  const wanted = new Map<EnumerationRow, string[]>();
  for (const key of ["bic", "sabic", "aic"] as const) {
    if (key === enumeration.rule.criterion) continue;
    const rows = enumeration.rows.filter((each) => Number.isFinite(each.criteria[key]));
    if (rows.length === 0) continue;
    const best = rows.reduce((a, b) => (b.criteria[key] < a.criteria[key] ? b : a));
    if (best !== chosen) wanted.set(best, [...(wanted.get(best) ?? []), criterionName(key)]);
  }
  return [...wanted].map(
    ([row, criteria]) =>
      `${joinWords(criteria)} ${criteria.length === 1 ? "favours" : "favour"} ${modelName(row)}`,
  );
}
