import { LOW_ENTROPY } from "../models/criteria.js";
import type { EnumerationResult, EnumerationRow, FitResult, Verdict } from "../models/result.js";
import { describeFollowUp } from "./followUp.js";
import {
  formatCount,
  formatEstimate,
  formatPercent,
  formatProportion,
  joinWords,
  numberWord,
  plural,
} from "./format.js";
import type { ReportInput } from "./input.js";
import { predictedThing } from "./regressions.js";

/** Something the reader should know before believing the result. */
export interface Caution {
  /** `serious`: the result should not be used as it stands; `note`: it can be, with this in mind. */
  readonly weight: "serious" | "note";
  readonly text: string;
  /** What to do about it; empty where there is nothing. */
  readonly advice: string;
}

/**
 * Everything that speaks against taking a result at its word.
 * @param input - the report's input
 * @returns the cautions, the serious ones first, none twice
 */
export function buildCautions(input: ReportInput): readonly Caution[] {
  const cautions = [
    ...convergenceCautions(input.chosen, ""),
    ...enumerationCautions(input),
    ...classCautions(input.chosen),
    ...classificationCautions(input.chosen),
    ...estimateCautions(input),
    ...followUpCautions(input),
    ...diagnosticCautions(input),
    ...dataCautions(input),
    ...modelRowCautions(input, input.chosen, "The model"),
    ...regressionCautions(input),
    ...input.otherFits.flatMap(({ name, fit }) => [
      ...convergenceCautions(fit, `Model “${name}”: `),
      ...modelRowCautions(input, fit, `Model “${name}”`),
    ]),
  ];
  return distinct([
    ...cautions.filter((each) => each.weight === "serious"),
    ...cautions.filter((each) => each.weight === "note"),
  ]);
}

function distinct(cautions: readonly Caution[]): readonly Caution[] {
  const seen = new Set<string>();
  return cautions.filter((each) => !seen.has(each.text) && seen.add(each.text));
}

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

const SERIOUS: ReadonlySet<Verdict["name"]> = new Set([
  "class vanished",
  "not identified",
  "likelihood unbounded",
  "stopped early",
  "best value not replicated",
]);

function convergenceCautions(fit: FitResult, prefix: string): readonly Caution[] {
  const out: Caution[] = fit.convergence.verdicts
    .filter((verdict) => verdict.name !== "converged")
    .map((verdict) => ({
      weight: SERIOUS.has(verdict.name) ? "serious" : "note",
      text: `${prefix}${verdict.sentence}`,
      advice: verdict.advice,
    }));
  const said = new Set(fit.convergence.verdicts.map((verdict) => verdict.name));
  if (!fit.convergence.converged && out.length === 0)
    out.push({
      weight: "serious",
      text: `${prefix}The fit did not meet its convergence criteria.`,
      advice: "Allow more iterations or fit a simpler model.",
    });
  const { starts } = fit;
  if (
    starts !== null &&
    starts.replicatedBest < 2 &&
    starts.finalists > 1 &&
    !said.has("best value not replicated")
  )
    out.push({
      weight: "serious",
      text: `${prefix}Only one of ${formatCount(starts.finalists)} final starts reached the best log-likelihood, so a better solution may exist.`,
      advice:
        "Run again with more random starts (for example 500 and 100) and see whether the same solution comes back.",
    });
  out.push(
    ...fit.warnings.map((text): Caution => ({ weight: "note", text: `${prefix}${text}`, advice: "" })),
  );
  return out;
}

function enumerationCautions(input: ReportInput): readonly Caution[] {
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

/** Classes below these are too small to describe with any confidence. */
const SMALL_SHARE = 0.05;
const SMALL_COUNT = 30;

function classCautions(fit: FitResult): readonly Caution[] {
  if (fit.classes.length < 2) return [];
  const out: Caution[] = [];
  const empty = fit.classes.filter((each) => each.assigned === 0);
  if (empty.length > 0)
    out.push({
      weight: "serious",
      text: `Nobody is most likely to belong to ${labels(empty)}.`,
      advice: "Fit fewer classes.",
    });
  const small = fit.classes.filter(
    (each) => each.assigned > 0 && (each.proportion < SMALL_SHARE || each.assigned < SMALL_COUNT),
  );
  if (small.length > 0)
    out.push({
      weight: "note",
      text: `${joinWords(small.map((each) => `Class ${each.label} (${formatPercent(each.proportion, 1)}, ${plural(each.assigned, "person", "people")})`))} ${small.length === 1 ? "is" : "are"} small and may not be found again in other data.`,
      advice: "Check that the class also appears with one class fewer or in another sample.",
    });
  return out;
}

function labels(classes: readonly { readonly label: number }[]): string {
  return `${classes.length === 1 ? "class" : "classes"} ${joinWords(
    classes.map((each) => String(each.label)),
    "or",
  )}`;
}

/** Expected share of people whose most likely class is not theirs. */
function expectedError(fit: FitResult): number | null {
  const { values, modalClass, nClasses } = fit.posteriors;
  if (modalClass.length === 0) return null;
  let sum = 0;
  for (let i = 0; i < modalClass.length; i++) sum += 1 - values[i * nClasses + modalClass[i]! - 1]!;
  return sum / modalClass.length;
}

function classificationCautions(fit: FitResult): readonly Caution[] {
  const out: Caution[] = [];
  const { entropy } = fit.criteria;
  if (entropy !== null && entropy < LOW_ENTROPY)
    out.push({
      weight: "note",
      text: `The classes overlap much (entropy ${formatProportion(entropy)}): about ${formatPercent(expectedError(fit))} of people are expected to belong to another class than their most likely one.`,
      advice: "Do not treat class membership as known; use the three-step predictors, which correct for it.",
    });
  const unsure = fit.classes.filter((each) => each.averagePosterior !== null && each.averagePosterior < 0.7);
  if (fit.classes.length > 1 && unsure.length > 0)
    out.push({
      weight: "note",
      text: `The average posterior probability is below .70 in ${labels(unsure)} (${unsure.map((each) => formatProportion(each.averagePosterior)).join(", ")}).`,
      advice: "",
    });
  return out;
}

function estimateCautions(input: ReportInput): readonly Caution[] {
  const { chosen, measure } = input;
  const out: Caution[] = [];
  const estimated = chosen.parameters.filter((each) => each.constraint !== "fixed");
  const without = estimated.filter((each) => each.standardError === null);
  if (without.length > 0 && without.length === estimated.length)
    out.push({
      weight: "note",
      text: "No standard errors could be computed, so there are no intervals or tests.",
      advice: "A simpler model (fewer classes or random effects) usually has them.",
    });
  else if (without.length > 0)
    out.push({
      weight: "note",
      text: `${plural(without.length, "estimate has", "estimates have")} no standard error: ${joinWords(without.slice(0, 4).map((each) => `${each.name}${each.class === null ? "" : ` (class ${each.class})`}`))}${without.length > 4 ? " and others" : ""}.`,
      advice: "",
    });
  const outside = chosen.classes.filter((each) =>
    each.meanTrajectory.mean.some((m) => m < measure.minimum || m > measure.maximum),
  );
  if (outside.length > 0)
    out.push({
      weight: "note",
      text: `The fitted mean of ${labels(outside)} leaves the range of ${measure.label} (${measure.minimum} to ${measure.maximum}).`,
      advice: "The shape does not suit the data there; try another power of time, or a shorter window.",
    });
  return out;
}

function followUpCautions(input: ReportInput): readonly Caution[] {
  const said = describeFollowUp(input);
  return said === null ? [] : [{ weight: "note", ...said }];
}

function dataCautions(input: ReportInput): readonly Caution[] {
  const { ledger, notes } = input.cohort;
  const out: Caution[] = [];
  const setAside = ledger.read - ledger.used;
  if (ledger.read > 0 && setAside > 0) {
    const share = setAside / ledger.read;
    const reasons = [...ledger.setAside]
      .sort((a, b) => b.rows - a.rows)
      .slice(0, 3)
      .map((each) => `${each.reason} (${formatCount(each.rows)})`);
    out.push({
      weight: "note",
      text: `${formatCount(setAside)} of ${formatCount(ledger.read)} rows (${formatPercent(share, 1)}) were set aside: ${joinWords(reasons)}${ledger.setAside.length > 3 ? " and other reasons" : ""}.`,
      advice: share > 0.1 ? "With this many, check that those left out do not differ from those kept." : "",
    });
  }
  out.push(...notes.map((text): Caution => ({ weight: "note", text, advice: "" })));
  return out;
}

/** Rows that preparation kept and a model could not use, for want of a score or covariate. */
function modelRowCautions(input: ReportInput, fit: FitResult, subject: string): readonly Caution[] {
  const before = new Set(input.cohort.ledger.setAside.map(({ reason }) => reason));
  const own = fit.rows.setAside.filter(({ reason }) => !before.has(reason));
  const rows = own.reduce((sum, each) => sum + each.rows, 0);
  if (rows === 0) return [];
  return [
    {
      weight: "note",
      text: `${subject} leaves out ${plural(rows, "row")} of those prepared: ${joinWords(own.map(({ reason, rows: lost }) => `${reason} (${formatCount(lost)})`))}.`,
      advice: "",
    },
  ];
}

/** What residuals and random effects say against the chosen model. */
function diagnosticCautions({ diagnostics }: ReportInput): readonly Caution[] {
  return (diagnostics?.findings ?? []).map(({ sentence, advice }) => ({
    weight: "note",
    text: sentence,
    advice,
  }));
}

function regressionCautions(input: ReportInput): readonly Caution[] {
  return input.regressions.flatMap((each) => {
    const name = predictedThing(each);
    const out: Caution[] = [];
    if (!each.convergence.converged)
      out.push({
        weight: "serious",
        text: `The regression of ${name} did not converge.`,
        advice: "Leave out terms that hardly vary or that predict perfectly.",
      });
    for (const verdict of each.convergence.verdicts)
      if (verdict.name !== "converged")
        out.push({
          weight: "note",
          text: `Regression of ${name}: ${verdict.sentence}`,
          advice: verdict.advice,
        });
    const left = each.leftOut.reduce((sum, reason) => sum + reason.persons, 0);
    if (left > 0)
      out.push({
        weight: "note",
        text: `The regression of ${name} leaves out ${plural(left, "person", "people")}: ${joinWords(each.leftOut.map((reason) => `${reason.reason} (${formatCount(reason.persons)})`))}.`,
        advice: "",
      });
    const wide = each.oddsRatios.filter(
      (ratio) => ratio.term !== "(Intercept)" && (ratio.standardError ?? 0) > 5,
    );
    if (wide.length > 0)
      out.push({
        weight: "note",
        text: `Odds ratios of ${joinWords([...new Set(wide.map((ratio) => ratio.term))].slice(0, 4))} for ${name} have enormous intervals (standard error ${formatEstimate(Math.max(...wide.map((ratio) => ratio.standardError ?? 0)))}): the term nearly separates the groups.`,
        advice: "Leave the term out or join categories.",
      });
    out.push(
      ...each.warnings.map(
        (text): Caution => ({ weight: "note", text: `Regression of ${name}: ${text}`, advice: "" }),
      ),
    );
    return out;
  });
}
