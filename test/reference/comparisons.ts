import { expect } from "vitest";
import type { FitResult, ParameterEstimate } from "../../src/models/result.js";
import { choleskyErrors } from "./choleskyErrors.js";
import type { ReferenceModel } from "./fixtures.js";

/** One number of a fit beside that of the reference. */
export interface Comparison {
  readonly what: string;
  readonly kind: "estimate" | "standardError";
  readonly ours: number | null;
  readonly theirs: number;
  /** Estimates: distance in standard errors. Standard errors: relative difference. Infinity where ours is missing. */
  readonly difference: number;
  /** The package's error is this far from that of exact derivatives, so that it is no measure of ours; see docs/notes/lcmm-standard-errors.md. */
  readonly doubtful?: number;
}

/** A package's error beyond this from that of exact derivatives is a matter of its own: the tolerance of the comparison. */
const DOUBTFUL = 0.02;

/**
 * Every estimate and standard error of a reference beside ours, classes matched.
 * @param fit - our fit
 * @param reference - the reference, with more than its log-likelihood to compare
 * @returns the comparisons
 */
export function comparisons(fit: FitResult, reference: ReferenceModel): Comparison[] {
  return reference.classes === undefined ? ofOneClass(fit, reference) : ofMixture(fit, reference);
}

function ofOneClass(fit: FitResult, reference: ReferenceModel): Comparison[] {
  return [
    ...Object.entries(reference.fixed!).flatMap(([term, [theirs, se]]) => {
      const ours = parameter(fit, "fixed", term, 1);
      // nlme takes the variances as known; with variances by occasion that alone is worth 2%.
      return both(term, ours, theirs, se, reference.observedSe?.[term] ?? se);
    }),
    ...ofResidual(fit, reference, [0]),
    ...Object.entries(reference.loadings ?? {}).flatMap(([occasion, [theirs, se]]) =>
      both(`loading ${occasion}`, parameter(fit, "loading", `loading[${occasion}]`, null), theirs, se, se),
    ),
    ...ofCovariance(fit, reference, [0]),
    ...ofPackageErrors(fit, reference, [0]),
  ];
}

function ofMixture(fit: FitResult, reference: ReferenceModel): Comparison[] {
  const match = matchClasses(fit, reference);
  return [
    ...reference.classes!.flatMap((theirs, k) =>
      termsOf(reference).flatMap((term, j) => {
        const ours = parameter(fit, "fixed", term, match[k]! + 1);
        return both(
          `${term} of class ${match[k]! + 1}`,
          ours,
          theirs.fixed[j]!,
          theirs.se![j]!,
          theirs.se![j]!,
        );
      }),
    ),
    ...ofResidual(fit, reference, match),
    ...ofCovariance(fit, reference, match),
    ...ofMembership(fit, reference, match),
    ...ofPackageErrors(fit, reference, match),
  ];
}

/** Terms of the fixed effects of mixtures, in the order of the references. */
function termsOf({ spec }: ReferenceModel): readonly string[] {
  return ["(Intercept)", spec.time, `${spec.time}^2`];
}

function estimate(what: string, ours: number, theirs: number, se: number): Comparison {
  return { what, kind: "estimate", ours, theirs, difference: Math.abs(ours - theirs) / se };
}

function standardError(what: string, ours: number | null, theirs: number): Comparison {
  const difference = ours === null ? Number.POSITIVE_INFINITY : Math.abs(ours / theirs - 1);
  return { what: `standard error of ${what}`, kind: "standardError", ours, theirs, difference };
}

/** Estimate, in standard errors `unit`, and standard error against `se`. */
function both(what: string, ours: ParameterEstimate, theirs: number, unit: number, se: number): Comparison[] {
  return [estimate(what, ours.estimate, theirs, unit), standardError(what, ours.standardError, se)];
}

/** A term whatever the order of the parts of an interaction. */
function termKey(term: string): string {
  return term.split(":").sort().join(":");
}

function parameter(fit: FitResult, block: string, name: string, label: number | null): ParameterEstimate {
  const found = fit.parameters.find(
    (p) => p.block === block && termKey(p.name) === termKey(name) && (p.class === label || p.class === null),
  );
  expect(found, `${block} ${name} of class ${label}`).toBeDefined();
  return found!;
}

/** Residual standard deviations of classes and occasions, and the autocorrelation, with their errors where the reference has them. */
function ofResidual(fit: FitResult, reference: ReferenceModel, match: readonly number[]): Comparison[] {
  const occasions = reference.occasions ?? [null];
  const perClass = reference.residualSd.length / occasions.length;
  const one = (name: string, label: number | null, theirs: number, se?: number): Comparison[] => {
    const own = parameter(fit, "residual", name, label);
    const what = label === null ? name : `${name} of class ${label}`;
    return [
      estimate(what, own.estimate, theirs, se ?? own.standardError!),
      ...(se === undefined ? [] : [standardError(what, own.standardError, se)]),
    ];
  };
  const ofClass = (k: number): Comparison[] =>
    occasions.flatMap((occasion, o) => {
      const label = perClass === 1 ? null : match[k]! + 1;
      const name = occasion === null ? "residual sd" : `residual sd[${occasion}]`;
      const at = k * occasions.length + o;
      return one(name, label, reference.residualSd[at]!, reference.residualSdSe?.[at]);
    });
  return [
    ...Array.from({ length: perClass }, (_, k) => ofClass(k)).flat(),
    ...(reference.autocorrelation === undefined
      ? []
      : one("autocorrelation", null, reference.autocorrelation, reference.autocorrelationSe)),
  ];
}

/** Entries of D against the reference, in standard errors of ours (the reference has none on this scale). */
function ofCovariance(fit: FitResult, reference: ReferenceModel, match: readonly number[]): Comparison[] {
  const d = reference.covarianceD;
  if (d === undefined) return [];
  const perClass = (Array.isArray(d[0]![0]) ? d : [d]) as readonly (readonly (readonly number[])[])[];
  const { names, matrices } = fit.covariance!;
  return perClass.flatMap((theirs, k) => {
    const ours = matrices[matrices.length === 1 ? 0 : match[k]!]!;
    return names.flatMap((row, r) =>
      names.slice(0, r + 1).flatMap((column, c) => {
        const own = fit.parameters.find(
          (p) =>
            p.block === "covariance" &&
            (r === c
              ? p.name === `var(${row})`
              : [`cov(${row},${column})`, `cov(${column},${row})`].includes(p.name)),
        );
        // A scaled D has no standard error per class; a tenth of its size is of that order here.
        const scale = own?.standardError ?? 0.1 * Math.sqrt(theirs[r]![r]! * theirs[c]![c]!);
        const se = reference.covarianceSe?.[(r * (r + 1)) / 2 + c];
        return [
          estimate(`D ${row} ${column}`, ours[r]![c]!, theirs[r]![c]!, scale),
          ...(se !== undefined && se > 0
            ? [standardError(`D ${row} ${column}`, own!.standardError, se)]
            : []),
        ];
      }),
    );
  });
}

/** A logit of our class `match[k]` against our class `match[base]`, with its standard error. */
function logitAgainst(
  fit: FitResult,
  name: string,
  label: number,
  base: number,
): { readonly estimate: number; readonly standardError: number } {
  const at = (wanted: number): number =>
    fit.parameters.findIndex((p) => p.block === "membership" && p.name === name && p.class === wanted);
  const [own, other] = [at(label), at(base)];
  const value = (i: number): number => (i < 0 ? 0 : fit.parameters[i]!.estimate);
  const entry = (r: number, c: number): number => (r < 0 || c < 0 ? 0 : fit.parameterCovariance![r]![c]!);
  const variance = entry(own, own) + entry(other, other) - 2 * entry(own, other);
  return { estimate: value(own) - value(other), standardError: Math.sqrt(variance) };
}

/** Logits against the reference's own reference class, whatever ours is. */
function ofMembership(fit: FitResult, reference: ReferenceModel, match: readonly number[]): Comparison[] {
  const { names, logits, se, reference: base } = reference.membership!;
  return names.flatMap((name, j) =>
    logits.flatMap((row, k) => {
      const label = match[k]! + 1;
      const own = logitAgainst(fit, name, label, match[base - 1]! + 1);
      const what = `membership ${name} of class ${label}`;
      return [
        estimate(what, own.estimate, row[j]!, se![k]![j]!),
        standardError(what, own.standardError, se![k]![j]!),
      ];
    }),
  );
}

/** lcmm's own errors, those marked that are not what exact derivatives give at the same estimates. */
function ofPackageErrors(fit: FitResult, reference: ReferenceModel, match: readonly number[]): Comparison[] {
  const own = reference.packageSe;
  if (own === undefined) return [];
  const one = (what: string, ours: number | null, theirs: number, exact: number): Comparison => {
    const off = Math.abs(theirs / exact - 1);
    return {
      ...standardError(`${what} (lcmm's own)`, ours, theirs),
      ...(off > DOUBTFUL ? { doubtful: off } : {}),
    };
  };
  const base = reference.membership === undefined ? 0 : match[reference.membership.reference - 1]!;
  const factor = choleskyErrors(fit, base);
  return [
    ...(own.classes ?? []).flatMap((row, k) =>
      termsOf(reference).map((term, j) => {
        const label = match[k]! + 1;
        const ours = parameter(fit, "fixed", term, label).standardError;
        return one(`${term} of class ${label}`, ours, row[j]!, reference.classes![k]!.se![j]!);
      }),
    ),
    ...(own.membership ?? []).flatMap((row, k) =>
      reference.membership!.names.map((name, j) => {
        const label = match[k]! + 1;
        const ours = logitAgainst(fit, name, label, base + 1).standardError;
        return one(`membership ${name} of class ${label}`, ours, row[j]!, reference.membership!.se![k]![j]!);
      }),
    ),
    ...(own.residualSd === undefined
      ? []
      : [
          one(
            "residual sd",
            parameter(fit, "residual", "residual sd", null).standardError,
            own.residualSd,
            reference.residualSdSe![0]!,
          ),
        ]),
    ...(own.cholesky ?? []).map((theirs, j) =>
      standardError(`entry ${j + 1} of the factor of D (lcmm's own)`, factor.entries[j] ?? null, theirs),
    ),
    ...(own.scales ?? []).map((theirs, k) =>
      standardError(`scale of class ${match[k]! + 1} (lcmm's own)`, factor.scales[match[k]!] ?? null, theirs),
    ),
  ];
}

/**
 * Which of our classes each reference class is: the assignment with the nearest fixed effects.
 * @param fit - our fit
 * @param reference - a mixture
 * @returns index of our class for each of theirs
 */
export function matchClasses(fit: FitResult, reference: ReferenceModel): number[] {
  const taken = new Set<number>();
  return reference.classes!.map((theirs) => {
    let best = -1;
    let bestDistance = Number.POSITIVE_INFINITY;
    fit.classes.forEach((ours, candidate) => {
      if (taken.has(candidate)) return;
      const distance = termsOf(reference).reduce((sum, term, j) => {
        const value = parameter(fit, "fixed", term, ours.label).estimate;
        return sum + ((value - theirs.fixed[j]!) / theirs.se![j]!) ** 2;
      }, 0);
      if (distance < bestDistance) {
        bestDistance = distance;
        best = candidate;
      }
    });
    taken.add(best);
    return best;
  });
}
