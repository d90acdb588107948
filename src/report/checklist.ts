import type { FitResult } from "../models/result.js";
import type { ReportInput } from "./input.js";

/** One item of a reporting checklist. */
export interface ChecklistItem {
  /** Number in the checklist, e.g. `3a`. */
  readonly item: string;
  /** What readers should be told, in short. */
  readonly question: string;
  readonly met: boolean;
  /** Where it is met, or what is missing and how to add it. */
  readonly where: string;
}

/**
 * The Guidelines for Reporting on Latent Trajectory Studies, item by item, met or missing in this report.
 * @param input - the report's input
 * @returns the items in order; for one class those on classes are left out
 * Source: van de Schoot, Sijbrandij, Winter, Depaoli & Vermunt (2017), Structural Equation Modeling 24, 451–467; wording shortened.
 */
export function buildChecklist(input: ReportInput): readonly ChecklistItem[] {
  const items = [...dataItems(input), ...modelItems(input), ...resultItems(input)];
  const ofClasses = new Set(["6b", "9", "10", "11", "12", "13", "14b"]);
  return input.chosen.classes.length > 1 || input.enumeration !== null
    ? items
    : items.filter((each) => !ofClasses.has(each.item));
}

function item(number: string, question: string, met: boolean, yes: string, no: string): ChecklistItem {
  return { item: number, question, met, where: met ? yes : no };
}

function dataItems(input: ReportInput): readonly ChecklistItem[] {
  return [
    item(
      "1",
      "The metric of time is reported",
      input.timeLabel.trim() !== "",
      "Methods; axis of every figure.",
      "Name the time axis in the study file.",
    ),
    item(
      "2",
      "Mean and variance of time within a wave are reported",
      input.long.columns.get(input.chosen.model.time)?.kind === "numeric",
      "Table of occasions.",
      "The time column was not handed to the report.",
    ),
    item(
      "3a",
      "The missing-data mechanism is reported",
      true,
      "Methods: missing at random given what was observed. Argue in the paper why this is plausible.",
      "",
    ),
    item(
      "3b",
      "Variables related to attrition or missing data are described",
      false,
      "",
      "Not in this report: compare people with few and many sessions on baseline variables, and describe what differs.",
    ),
    item(
      "3c",
      "How missing data were dealt with is described",
      true,
      "Methods: full-information maximum likelihood; rows set aside are in the ledger.",
      "",
    ),
    item(
      "4",
      "The distribution of the observed variables is described",
      true,
      "Tables of occasions (mean, SD, floor, ceiling) and of characteristics.",
      "",
    ),
    item("5", "The software is named", true, "Methods and reproduction, with version.", ""),
  ];
}

function allFits(input: ReportInput): readonly FitResult[] {
  return [input.chosen, ...(input.enumeration?.fits ?? []), ...input.otherFits.map((each) => each.fit)];
}

function modelItems(input: ReportInput): readonly ChecklistItem[] {
  const mixtures = allFits(input).filter((fit) => fit.model.classes > 1);
  const fits = mixtures.length > 0 ? mixtures : allFits(input);
  const distinct = (key: (fit: FitResult) => string): number => new Set(fits.map(key)).size;
  const random = distinct((fit) => fit.model.random.replaceAll(" ", ""));
  const between = distinct((fit) => `${fit.model.covariance} ${fit.model.residual}`);
  const shapes = distinct((fit) => fit.model.fixed.replaceAll(" ", ""));
  return [
    item(
      "6a",
      "Alternative specifications of heterogeneity within classes are considered",
      random > 1,
      `Random-effect structures compared: ${random}.`,
      "Only one random-effect structure was fitted: add another structure (for example LCGA beside GMM), or justify the choice.",
    ),
    item(
      "6b",
      "Alternative differences in variances between classes are considered",
      between > 1,
      `Specifications of variances across classes compared: ${between}.`,
      "Variances had one specification in all models: add a structure with covariance or residual by class, or justify the choice.",
    ),
    item(
      "7",
      "Alternative shapes of the trajectories are described",
      shapes > 1,
      `Forms of the fixed effects fitted: ${shapes}.`,
      "One shape was fitted: compare linear, quadratic and cubic time, or justify the choice.",
    ),
    item(
      "8",
      "Covariates are described so that analyses can be repeated",
      true,
      "Formulas in Methods; models/*.json hold every model as fitted.",
      "",
    ),
    item(
      "9",
      "Numbers of random starts and final iterations are reported",
      input.chosen.starts !== null,
      "Methods and table of starts.",
      "The chosen model has one class, so no random starts.",
    ),
    item(
      "10",
      "Tools of model comparison are described",
      input.enumeration !== null,
      "Methods; comparison table and figure.",
      "No comparison was run: add an enumeration to the study.",
    ),
    item(
      "11",
      "The number of models fitted is reported, with a one-class solution",
      input.enumeration?.rows.some((row) => row.classes === 1) === true,
      "Comparison table.",
      "There is no one-class model in the comparison: let the enumeration begin at 1.",
    ),
    item(
      "12",
      "The number of cases per class is reported for each model",
      input.enumeration !== null,
      "tables/class-sizes.csv.",
      "Only the chosen model is reported.",
    ),
  ];
}

function resultItems(input: ReportInput): readonly ChecklistItem[] {
  return [
    item(
      "13",
      "Entropy is reported",
      input.chosen.criteria.entropy !== null,
      "Verdict and comparison table.",
      "There is no entropy with one class.",
    ),
    item(
      "14a",
      "Estimated mean trajectories of the final model are plotted",
      true,
      "Figure of mean trajectories.",
      "",
    ),
    item(
      "14b",
      "Estimated mean trajectories of each model are plotted",
      (input.enumeration?.fits.length ?? 0) > 1,
      "Figure of every model fitted.",
      "Only the chosen model is plotted.",
    ),
    item(
      "14c",
      "Estimated means are plotted with observed individual trajectories, split by class",
      input.chosen.posteriors.personIds.length > 0,
      "Figure of observed and fitted means.",
      "Individual lines need the posteriors of the fit.",
    ),
    item(
      "15",
      "The final solution is described in numbers",
      true,
      "Tables of classes and of estimates, with standard errors and intervals.",
      "",
    ),
    item(
      "16",
      "Syntax is available",
      input.studyFile !== undefined,
      `The study file (${input.studyFile}) and the run's manifest.json repeat the whole analysis; add them to the paper's supplement.`,
      "The report was made without a study file: add the program that called it to the paper's supplement. Formulas are in Methods, and models/*.json hold every model as fitted.",
    ),
  ];
}
