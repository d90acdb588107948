import { InputError, type Problem } from "../../core/errors.js";
import type { StoredDesign } from "../design/types.js";
import { residualParts } from "../residuals.js";
import type { CovarianceSharing, ModelSpec } from "../spec.js";
import { differentData, differentMethods, type NestedFit } from "./comparable.js";
import { refuse } from "./names.js";
import { coveredByTime } from "./timeSpan.js";

/** What a larger model adds to a smaller one. */
export interface Extension {
  /** In words, one entry per difference. */
  readonly differences: readonly string[];
  /**
   * Dimension of the part of the added parameters that has an edge, variances of zero: 0 for none, 1 for one variance; r (r + 1) / 2
   * for r correlated random effects. Everything else that was added may take either sign.
   */
  readonly boundaries: number;
  readonly classesDiffer: boolean;
  /** Why the distribution of the statistic is not known for another reason; null when it is. */
  readonly unknownBecause: string | null;
}

/**
 * Finds what a larger model adds, and that it contains the smaller one.
 * @param smaller - fit of the smaller model
 * @param larger - fit of the larger model
 * @returns the difference
 * @throws InputError listing everything that makes the fits incomparable
 */
export function extensionOf(smaller: NestedFit, larger: NestedFit): Extension {
  refuse([...differentData(smaller, larger), ...differentMethods(smaller, larger)]);
  if (smaller.model.classes !== larger.model.classes) return otherClasses(smaller, larger);
  if (smaller.nParameters >= larger.nParameters) throw new InputError(notLarger(smaller, larger));
  const parts = [
    fixedPart(smaller, larger),
    randomPart(smaller, larger),
    residualPart(smaller, larger),
    membershipPart(smaller, larger),
    constraintPart(smaller, larger),
  ];
  const missing = parts.flatMap((part) => part.missing);
  if (missing.length > 0)
    throw new InputError({
      code: "not-nested",
      where: "likelihood-ratio test",
      message: `The smaller model is not part of the larger one: the larger one lacks ${missing.join("; ")}.`,
      fix: "Compare models that are not nested by BIC.",
    });
  return {
    differences: parts.flatMap((part) => part.added),
    boundaries: parts.reduce((sum, part) => sum + part.boundaries, 0),
    classesDiffer: false,
    unknownBecause: parts.find((part) => part.unknown !== null)?.unknown ?? irregular(smaller, larger),
  };
}

/** One part of the models compared. */
interface Part {
  readonly added: readonly string[];
  /** What the larger model would need to contain the smaller one. */
  readonly missing: readonly string[];
  readonly boundaries: number;
  readonly unknown: string | null;
}

const SAME: Part = { added: [], missing: [], boundaries: 0, unknown: null };

function otherClasses(smaller: NestedFit, larger: NestedFit): Extension {
  if (smaller.model.classes > larger.model.classes) throw new InputError(notLarger(smaller, larger));
  return {
    differences: [`${larger.model.classes} classes in place of ${smaller.model.classes}`],
    boundaries: 0,
    classesDiffer: true,
    unknownBecause: null,
  };
}

function notLarger(smaller: NestedFit, larger: NestedFit): Problem {
  return {
    code: "not-nested",
    where: "likelihood-ratio test",
    message: `The larger model has ${larger.nParameters} parameters, the smaller ${smaller.nParameters}.`,
    expected: "the smaller model first, then one with more parameters",
    ...(smaller.nParameters > larger.nParameters ? { fix: "Change their places." } : {}),
  };
}

/** Fixed columns by name: whether they differ by class. */
function columns(
  { fixedColumns }: StoredDesign,
  rename: (name: string) => string = (name) => name,
): Map<string, boolean> {
  return new Map(fixedColumns.map(({ name, classSpecific }) => [rename(name), classSpecific]));
}

/**
 * Names of a smaller model as they are in one whose time basis is latent: a straight line in time is the case where the loadings are
 * those of time.
 */
function inLatentBasis(smaller: NestedFit, larger: NestedFit): (name: string) => string {
  const names = ({ design }: NestedFit): readonly string[] => [
    ...design.basisNames,
    ...design.fixedColumns.map(({ name }) => name),
  ];
  const latent = `latent(${larger.model.time})`;
  const uses = (fit: NestedFit): boolean => names(fit).some((name) => name.split(":").includes(latent));
  if (!uses(larger) || uses(smaller)) return (name) => name;
  return (name) =>
    name
      .split(":")
      .map((part) => (part === larger.model.time ? latent : part))
      .join(":");
}

function fixedPart(smaller: NestedFit, larger: NestedFit): Part {
  const rename = inLatentBasis(smaller, larger);
  const before = columns(smaller.design, rename);
  const after = columns(larger.design);
  const several = smaller.model.classes > 1;
  const loadings = smaller.design.fixedColumns.some(({ name }) => rename(name) !== name);
  const absent = [...before.keys()].filter((name) => !after.has(name));
  const covered = absent.length === 0 || coveredByTime(smaller, larger, absent);
  const added = [...after.keys()].filter((name) => !before.has(name));
  const freed = [...after].filter(([name, own]) => several && own && before.get(name) === false);
  const tied = [...after].filter(([name, own]) => several && !own && before.get(name) === true);
  return {
    ...SAME,
    added: [
      ...(added.length > 0 ? [`fixed effects: ${added.join(", ")}`] : []),
      ...(loadings ? [`a change of any shape over ${larger.model.time} in place of a straight line`] : []),
      ...(freed.length > 0 ? [`differing by class: ${freed.map(([name]) => name).join(", ")}`] : []),
    ],
    missing: [
      ...(covered ? [] : [`fixed effects ${absent.join(", ")}`]),
      ...tied.map(([name]) => `a coefficient of ${name} for each class`),
    ],
  };
}

const SHARING: readonly CovarianceSharing[] = ["equal", "proportional", "free"];

function randomPart(smaller: NestedFit, larger: NestedFit): Part {
  const before = randomEffects(smaller).map(inLatentBasis(smaller, larger));
  const after = randomEffects(larger);
  const missing = before.filter((name) => !after.includes(name)).map((name) => `a random effect of ${name}`);
  const added = after.filter((name) => !before.includes(name));
  const several = smaller.model.classes > 1 && after.length > 0;
  const fromSharing = sharingOf(smaller, several);
  const toSharing = sharingOf(larger, several);
  if (before.length > 0 && toSharing < fromSharing)
    missing.push(`random effects whose covariance is ${SHARING[fromSharing]} over classes`);
  if (before.length > 1 && larger.model.diagonal && !smaller.model.diagonal)
    missing.push("correlated random effects");
  const correlated = before.length > 1 && smaller.model.diagonal && !larger.model.diagonal;
  const shared = before.length > 0 && toSharing > fromSharing;
  const r = added.length;
  const matrices = SHARING[toSharing] === "free" ? larger.model.classes : 1;
  return {
    added: [
      ...(r > 0 ? [`random effects: ${added.join(", ")}`] : []),
      ...(correlated ? ["correlations of the random effects"] : []),
      ...(shared ? [`random effects ${SHARING[toSharing]} over classes`] : []),
    ],
    missing,
    boundaries: matrices * (larger.model.diagonal ? r : (r * (r + 1)) / 2),
    unknown:
      before.length === 0 && r > 0 && SHARING[toSharing] === "proportional"
        ? "Without random effects the scales of the classes have no meaning, so the likelihood-ratio statistic does not follow a known distribution."
        : null,
  };
}

function randomEffects({ design }: NestedFit): readonly string[] {
  return design.basisNames.slice(0, design.nRandom);
}

/** Position in the order of sharing; with one class all are alike. */
function sharingOf({ model }: NestedFit, several: boolean): number {
  return several ? SHARING.indexOf(model.covariance) : 0;
}

function residualPart({ model: smaller }: NestedFit, { model: larger }: NestedFit): Part {
  const before = residualParts(smaller.residual);
  const after = residualParts(larger.residual);
  const several = smaller.classes > 1;
  const added: string[] = [];
  const missing: string[] = [];
  const compare = (from: boolean, to: boolean, words: string): void => {
    if (to && !from) added.push(words);
    if (from && !to) missing.push(words);
  };
  compare(before.byClass && several, after.byClass && several, "residual variances by class");
  compare(before.byOccasion, after.byOccasion, "residual variances by occasion");
  if (before.correlation !== null && before.correlation !== after.correlation)
    missing.push("the same autocorrelation of the residuals");
  const correlated = before.correlation === null && after.correlation !== null;
  if (correlated) added.push("autocorrelation of the residuals");
  return {
    ...SAME,
    added,
    missing,
    unknown:
      correlated && after.correlation === "car1"
        ? "A correlation that decays with time vanishes at the edge of its range, where the likelihood-ratio statistic does not follow a known distribution."
        : null,
  };
}

function membershipPart(smaller: NestedFit, larger: NestedFit): Part {
  if (smaller.model.classes === 1) return SAME;
  const before = smaller.design.membershipNames;
  const after = larger.design.membershipNames;
  const added = after.filter((name) => !before.includes(name));
  return {
    ...SAME,
    added: added.length > 0 ? [`predictors of membership: ${added.join(", ")}`] : [],
    missing: before
      .filter((name) => !after.includes(name))
      .map((name) => `${name} as a predictor of membership`),
  };
}

/** The constraints of a specification, where it has any. */
type Constrained = ModelSpec & {
  readonly constraints?: readonly string[];
  readonly orders?: readonly number[];
};

function constraintPart(smaller: NestedFit, larger: NestedFit): Part {
  const { constraints: before = [], orders: fromOrders } = smaller.model as Constrained;
  const { constraints: after = [], orders: toOrders } = larger.model as Constrained;
  const lifted = before.filter((line) => !after.includes(line));
  const missing = after
    .filter((line) => !before.includes(line))
    .map((line) => `freedom from the constraint ${line}`);
  if (toOrders?.some((order, k) => order < (fromOrders?.[k] ?? Number.POSITIVE_INFINITY)))
    missing.push("polynomials of the same orders");
  const higher = fromOrders !== undefined && fromOrders.join() !== toOrders?.join();
  return {
    added: [
      ...lifted.map((line) => `freed: ${line}`),
      ...(higher ? ["polynomials of higher order in some classes"] : []),
    ],
    missing,
    boundaries: 0,
    unknown: lifted.some((line) => /var\(|cov\(|scale|residual/.test(line))
      ? "Constraints on variances were lifted, and whether they lay at the edge of what is possible cannot be told, so no distribution of the likelihood-ratio statistic is given."
      : null,
  };
}

/** The theory needs a smaller model inside its own range and identified; null when it is. */
function irregular(smaller: NestedFit, larger: NestedFit): string | null {
  const has = ({ convergence }: NestedFit, name: string): boolean =>
    convergence.verdicts.some((verdict) => verdict.name === name);
  if (has(smaller, "converged on a boundary"))
    return "The smaller model itself has a variance of zero or a correlation of one, where the likelihood-ratio statistic does not follow a known distribution.";
  for (const fit of [smaller, larger])
    if (has(fit, "not identified") || has(fit, "class vanished"))
      return `The ${fit === smaller ? "smaller" : "larger"} model is not identified by the data, so the likelihood-ratio statistic does not follow a known distribution.`;
  return null;
}
