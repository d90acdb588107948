import type { FitResult } from "../../models/result.js";
import { describeFollowUp } from "../followUp.js";
import { formatCount, formatEstimate, formatPercent, joinWords, plural } from "../format.js";
import type { ReportInput } from "../input.js";
import { predictedThing } from "../regressions.js";
import type { Caution } from "./caution.js";

/**
 * Classes that are not seen to the end.
 * @param input - the report's input
 * @returns the cautions
 */
export function followUpCautions(input: ReportInput): readonly Caution[] {
  const said = describeFollowUp(input);
  return said === null ? [] : [{ weight: "note", ...said }];
}

/**
 * Rows set aside, and what preparation noted.
 * @param input - the report's input
 * @returns the cautions
 */
export function dataCautions(input: ReportInput): readonly Caution[] {
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

/**
 * Rows that preparation kept and a model could not use, for want of a score or covariate.
 * @param input - the report's input
 * @param fit - the model
 * @param subject - words for it, e.g. `The model`
 * @returns the cautions
 */
export function modelRowCautions(input: ReportInput, fit: FitResult, subject: string): readonly Caution[] {
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

/**
 * What speaks against the regressions of classes and outcomes.
 * @param input - the report's input
 * @returns the cautions
 */
export function regressionCautions(input: ReportInput): readonly Caution[] {
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
