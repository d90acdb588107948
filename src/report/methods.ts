import { residualParts } from "../models/residuals.js";
import type { FitResult } from "../models/result.js";
import { criterionName, modelName, ruleFavourite } from "./cautions/enumeration.js";
import { bootstrapDraws, timeUnit } from "./describe.js";
import { formatCount, formatNumber, joinWords, numberWord, plural } from "./format.js";
import type { ReportInput } from "./input.js";
import { outcomeDefinitions } from "./outcomeWords.js";
import { predictedThing, regressionMethod } from "./regressions.js";

/**
 * A methods section for the paper, written from the model as it was fitted.
 * @param input - the report's input
 * @returns paragraphs of plain text
 */
export function buildMethods(input: ReportInput): readonly string[] {
  return [
    dataParagraph(input),
    modelParagraph(input.chosen, input),
    estimationParagraph(input.chosen),
    ...inferenceParagraph(input),
    ...(input.enumeration === null ? [] : [enumerationParagraph(input)]),
    ...(input.cohort.outcomes.length === 0 ? [] : [outcomeParagraph(input)]),
    ...(input.regressions.length === 0 ? [] : [predictorParagraph(input)]),
  ];
}

function dataParagraph(input: ReportInput): string {
  const { ledger } = input.cohort;
  const { chosen } = input;
  const unit = timeUnit(input);
  const setAside = ledger.read - ledger.used;
  return `Of ${plural(ledger.read, "row")} read, ${formatCount(ledger.used)} were used${setAside > 0 ? ` and ${formatCount(setAside)} set aside by the rules in the ledger` : ""}. The analysis rests on ${plural(chosen.nObservations, "score")} of ${input.measure.label} from ${plural(chosen.nPersons, "person", "people")} (mean ${formatNumber(chosen.nObservations / Math.max(1, chosen.nPersons), 1)} each). Time is “${input.timeLabel}”${unit === null ? "" : `, in ${unit},`} taken as recorded for each person, so occasions need not be equally spaced or the same for everyone. Scores that are missing were not imputed: all available scores entered the likelihood (full-information maximum likelihood), which is valid when they are missing at random given the observed scores and the covariates in the model.`;
}

const FAMILY_TEXT: Readonly<Record<FitResult["family"], string>> = {
  "growth curve": "a growth curve model (linear mixed model; Laird & Ware, 1982)",
  "latent class growth analysis":
    "latent class growth analysis (Nagin, 1999), without variation within classes",
  "growth mixture model": "a growth mixture model (Muthén & Shedden, 1999)",
};

function modelParagraph(fit: FitResult, input: ReportInput): string {
  const { model } = fit;
  const parts = [
    `Trajectories of ${input.measure.label} were described by ${FAMILY_TEXT[fit.family]}${model.classes > 1 ? ` with ${numberWord(model.classes)} latent classes` : ""}.`,
    `Fixed effects were ${model.fixed}.`,
  ];
  if (model.classes > 1)
    parts.push(
      model.classSpecific === undefined
        ? "The terms of time alone differed by class; effects of covariates were shared by the classes."
        : `Coefficients that differed by class: ${model.classSpecific}; the others were shared.`,
    );
  if (fit.covariance === null || model.random.trim() === "0")
    parts.push(
      `There were no random effects: people${model.classes > 1 ? " of a class" : ""} share ${model.classes > 1 ? "its" : "the"} mean trajectory and differ by residuals.`,
    );
  else
    parts.push(
      `Random effects were ${model.random}, with ${model.diagonal ? "a diagonal" : "an unstructured"} covariance matrix${model.classes > 1 ? ` that was ${{ equal: "equal in all classes", proportional: "proportional across classes", free: "free in each class" }[model.covariance]}` : ""}.`,
    );
  parts.push(residualSentence(fit));
  if (model.classes > 1)
    parts.push(
      model.membership.trim() === "1"
        ? "Class membership did not depend on covariates in this model."
        : `Class membership depended on ${model.membership} through a multinomial logit.`,
    );
  parts.push(...constraintSentences(fit));
  parts.push(`The model has ${plural(fit.nParameters, "parameter")}.`);
  return parts.join(" ");
}

/** The residual covariance structure in words. */
function residualSentence({ model, residual }: FitResult): string {
  const { byClass, byOccasion, correlation } = residualParts(model.residual);
  const occasion = model.occasion ?? model.time;
  const variances = [
    ...(byClass ? ["class"] : []),
    ...(byOccasion ? [`${residual.occasions?.length ?? 0} occasions (${occasion})`.trim()] : []),
  ];
  const variance =
    variances.length === 0
      ? `one variance${model.classes > 1 ? " for all classes" : ""}`
      : byOccasion && byClass
        ? `a variance for each class and each of ${variances[1]!}`
        : byOccasion
          ? `a variance for each of ${variances[0]!}`
          : "a variance for each class";
  const scatter =
    correlation === null
      ? "independent and normal"
      : correlation === "ar1"
        ? `normal with a first-order autocorrelation over sessions (${occasion})`
        : `normal with a correlation that decays exponentially with the time between scores (continuous-time first-order autoregression)`;
  return `Residuals were ${scatter}, with ${variance}.`;
}

function constraintSentences({ model }: FitResult): string[] {
  const { constraints = [], orders } = model;
  const parts: string[] = [];
  if (orders !== undefined)
    parts.push(
      `The polynomial in ${model.time} had ${orders.length === 1 ? "order" : "orders"} ${joinWords(orders.map(String))}${orders.length === 1 ? "" : " in the classes, in turn"}.`,
    );
  if (constraints.length > 0) parts.push(`Parameters were held by constraints: ${constraints.join("; ")}.`);
  return parts;
}

function estimationParagraph(fit: FitResult): string {
  const parts = [
    `Estimation was by ${fit.model.reml ? "restricted " : ""}maximum likelihood, with software symptom-trajectories ${fit.version}.`,
  ];
  if (fit.starts !== null)
    parts.push(
      `${startsPhrase(fit.starts.tried, fit.options.startsInitial)} were screened for ${plural(fit.options.screeningIterations, "iteration")}, and the best ${formatCount(fit.starts.finalists)} carried to convergence (at most ${formatCount(fit.options.maxIterations)} iterations, seed ${fit.seed}); ${formatCount(fit.starts.replicatedBest)} of them reached the best log-likelihood, ${formatNumber(fit.logLikelihood, 2)}.`,
    );
  else parts.push(`The log-likelihood was ${formatNumber(fit.logLikelihood, 2)}.`);
  parts.push(
    `Standard errors come from the observed information matrix${robustPhrase(fit)}; bands around fitted means are 95% intervals by the delta method, pointwise and simultaneous (the whole curve; Montiel Olea & Plagborg-Møller, 2019).`,
  );
  if (fit.classes.length > 1)
    parts.push(
      `Classes are numbered ${fit.classOrder === undefined ? "by their fitted mean at the last common time, lowest first" : "as the constraints name them"}. Classification is described by relative entropy (Ramaswamy et al., 1993), average posterior probabilities and odds of correct classification (Nagin, 2005).`,
    );
  return parts.join(" ");
}

/** What was asked of the chosen model beyond its standard errors. */
function inferenceParagraph({ inference = {} }: ReportInput): string[] {
  const { profileIntervals, bootstrap, tests } = inference;
  const parts: string[] = [];
  if (profileIntervals !== undefined)
    parts.push(
      "Variances, correlations and residual parameters have profile-likelihood 95% intervals (Venzon & Moolgavkar, 1988).",
    );
  if (bootstrap !== undefined) {
    const { replicates, kind, classes } = bootstrap;
    parts.push(
      `A ${kind} bootstrap of ${plural(replicates.finished, "sample")} of ${bootstrapDraws(bootstrap)} (Efron & Tibshirani, 1993) gave standard errors and percentile intervals${classes.length > 1 ? "; the classes of each sample were matched to those of the fit by the people they share" : ""}.`,
    );
    const failed = replicates.finished - replicates.used;
    if (failed > 0) parts.push(`${plural(failed, "sample")} gave no proper maximum and were left out.`);
  }
  if (tests !== undefined && tests.length > 0)
    parts.push(
      `Wald tests${tests[0]!.covariance === "robust" ? " with robust standard errors" : ""} were made of ${plural(tests.length, "hypothesis", "hypotheses")}: ${tests.map(({ hypotheses }) => hypotheses.join(" and ")).join("; ")}.`,
    );
  return parts.length === 0 ? [] : [parts.join(" ")];
}

function robustPhrase({ model, clusters }: FitResult): string {
  if (model.reml) return "";
  // Fits stored by earlier versions know no clusters.
  if ((clusters ?? null) === null)
    return ", robust ones from the sandwich estimator (Huber, 1967; White, 1982)";
  return `, robust ones from the sandwich estimator with scores summed within the ${formatCount(clusters!.count)} clusters of ${clusters!.column} (Liang & Zeger, 1986), on which tests and intervals rest`;
}

/** Starts beyond the random ones that were asked for are splits of the classes of a smaller model. */
function startsPhrase(tried: number, random: number): string {
  const splits = tried - random;
  if (splits <= 0) return plural(tried, "random start");
  return `${plural(random, "random start")} and ${plural(splits, "start")} that split a class of the model with one class fewer`;
}

function enumerationParagraph(input: ReportInput): string {
  const { rows, rule } = input.enumeration!;
  const structures = [...new Set(rows.map((row) => row.structure))];
  const each = structures.map((structure) => {
    const ks = rows.filter((row) => row.structure === structure).map((row) => row.classes);
    return `${structure} with ${Math.min(...ks)}${ks.length > 1 ? ` to ${Math.max(...ks)}` : ""} classes`;
  });
  const limits = [
    ...(rule.minimumClassProportion > 0
      ? [
          `whose smallest class held at least ${formatNumber(rule.minimumClassProportion * 100, 0)}% of people`,
        ]
      : []),
    ...(rule.minimumEntropy > 0 ? [`with an entropy of at least ${rule.minimumEntropy}`] : []),
    ...(rule.requireReplication ? ["whose best log-likelihood was replicated"] : []),
  ];
  const criterion = criterionName(rule.criterion);
  const shown = rows.find((row) => row.chosen);
  const favourite = ruleFavourite(input.enumeration!);
  const unmet =
    shown === undefined || shown.excludedBecause.length === 0
      ? ""
      : ` The model reported here does not meet the rule (${shown.excludedBecause.join("; ")}).`;
  const againstRule =
    shown === undefined || favourite === null || favourite === shown
      ? unmet
      : `${unmet} The rule names ${modelName(favourite)}; ${modelName(shown)} was chosen in its place.`;
  return `The number of classes was studied by fitting ${plural(rows.length, "model")}: ${joinWords(each)}. They were compared by AIC, BIC (Schwarz, 1978), sample-size adjusted BIC (Sclove, 1987), the integrated completed likelihood (Biernacki et al., 2000), entropy, size of the smallest class and replication. The rule of choice was the lowest ${criterion} among converged models${limits.length > 0 ? ` ${joinWords(limits)}` : ""}.${againstRule} BIC and its relatives use the number of people.`;
}

function outcomeParagraph(input: ReportInput): string {
  return `Outcomes of treatment are those of the NHS Talking Therapies manual (NHS England), from the first and the last score of each person on each measure. ${outcomeDefinitions(input)} People with too few scores to decide an outcome are counted as missing for it.`;
}

function predictorParagraph(input: ReportInput): string {
  const parts: string[] = [];
  for (const each of input.regressions) {
    const left = each.leftOut.reduce((sum, reason) => sum + reason.persons, 0);
    const people = `n = ${formatCount(each.nPersons)}${left > 0 ? `, ${formatCount(left)} left out` : ""}`;
    parts.push(
      `Predictors of ${predictedThing(each)} (${each.formula}; ${people}) were estimated by ${regressionMethod(each)}.`,
    );
  }
  parts.push("Odds ratios are given with 95% Wald intervals.");
  return parts.join(" ");
}
