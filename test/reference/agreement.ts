import { expect } from "vitest";
import type { FitResult, ParameterEstimate } from "../../src/models/result.js";
import type { ReferenceModel } from "./fixtures.js";

/** The tolerances: distances in standard errors, and relative errors of the standard errors. */
const ONE_CLASS = { estimate: 0.001, standardError: 0.02 };
const MIXTURE = { estimate: 0.01, standardError: 0.02 };
const LOG_LIKELIHOOD = 1e-4;
/** Where flexmix inflates variances by n / (n - 3), which costs 9 / (4 n) of log-likelihood: 0.001 at the 2,239 rows of REFRAMED. */
const LOG_LIKELIHOOD_ONLY = 2e-3;

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

function expectAgrees(what: string, actual: number, expected: number, se: number, tolerance: number): void {
  expect(
    Math.abs(actual - expected) / se,
    `${what}: ${actual}, reference ${expected}, se ${se}`,
  ).toBeLessThan(tolerance);
}

function expectSameError(what: string, actual: number | null, expected: number, tolerance: number): void {
  expect(actual, `standard error of ${what}`).not.toBeNull();
  expect(
    Math.abs(actual! / expected - 1),
    `standard error of ${what}: ${actual}, reference ${expected}`,
  ).toBeLessThan(tolerance);
}

/** Checks a fit against the reference, to the tolerances above. */
export function expectAgreement(fit: FitResult, reference: ReferenceModel): void {
  expect(fit.nPersons).toBe(reference.nPersons);
  expect(fit.nObservations).toBe(reference.nObservations);
  expect(fit.nParameters).toBe(reference.npar);
  const gain = fit.logLikelihood - reference.logLik;
  expect(gain, "log-likelihood below the reference").toBeGreaterThan(-LOG_LIKELIHOOD);
  if (reference.logLikOnly !== undefined) {
    expect(gain, reference.logLikOnly).toBeLessThan(LOG_LIKELIHOOD_ONLY);
  } else if (reference.classes === undefined) {
    expect(gain, "log-likelihood above that of a concave problem").toBeLessThan(LOG_LIKELIHOOD);
    expectOneClass(fit, reference);
  } else if (!reference.localMaximum && gain < LOG_LIKELIHOOD && !reference.boundary)
    expectMixture(fit, reference);
}

function expectOneClass(fit: FitResult, reference: ReferenceModel): void {
  for (const [term, [estimate, se]] of Object.entries(reference.fixed!)) {
    const ours = parameter(fit, "fixed", term, 1);
    expectAgrees(term, ours.estimate, estimate, se, ONE_CLASS.estimate);
    // nlme takes the variances as known; with variances by occasion that alone is worth 2%.
    const comparable = reference.observedSe?.[term] ?? se;
    expectSameError(term, ours.standardError, comparable, ONE_CLASS.standardError);
  }
  expectResidual(fit, reference, [0], ONE_CLASS);
  for (const [occasion, [estimate, se]] of Object.entries(reference.loadings ?? {})) {
    const ours = fit.parameters.find((p) => p.name === `loading[${occasion}]`);
    expect(ours, `loading of occasion ${occasion}`).toBeDefined();
    expectAgrees(`loading ${occasion}`, ours!.estimate, estimate, se, ONE_CLASS.estimate);
    expectSameError(`loading ${occasion}`, ours!.standardError, se, ONE_CLASS.standardError);
  }
  expectCovariance(fit, reference, [0], ONE_CLASS.estimate);
}

function expectMixture(fit: FitResult, reference: ReferenceModel): void {
  const classes = reference.classes!;
  const terms = ["(Intercept)", reference.spec.time, `${reference.spec.time}^2`];
  const match = matchClasses(fit, reference, terms);
  classes.forEach((theirs, k) => {
    const label = match[k]! + 1;
    terms.forEach((term, j) => {
      const ours = parameter(fit, "fixed", term, label);
      expectAgrees(
        `${term} of class ${label}`,
        ours.estimate,
        theirs.fixed[j]!,
        theirs.se![j]!,
        MIXTURE.estimate,
      );
      expectSameError(`${term} of class ${label}`, ours.standardError, theirs.se![j]!, MIXTURE.standardError);
    });
    const summary = fit.classes[label - 1]!;
    expect(Math.abs(summary.proportion - theirs.proportion)).toBeLessThan(1e-3);
    // Two classes may be as good as equally likely for a person, so rounding may move one.
    expect(Math.abs(summary.assigned - theirs.assigned)).toBeLessThanOrEqual(1);
  });
  expect(Math.abs(fit.criteria.entropy! - reference.entropy!)).toBeLessThan(1e-3);
  expectResidual(fit, reference, match, MIXTURE);
  expectCovariance(fit, reference, match, MIXTURE.estimate);
  expectMembership(fit, reference, match);
}

/** Residual standard deviations of classes and occasions, and the autocorrelation, with their errors where the reference has them. */
function expectResidual(
  fit: FitResult,
  reference: ReferenceModel,
  match: readonly number[],
  tolerance: { readonly estimate: number; readonly standardError: number },
): void {
  const { residual } = fit;
  const occasions = reference.occasions ?? [null];
  const perClass = reference.residualSd.length / occasions.length;
  expect(residual.sd.length).toBe(reference.residualSd.length);
  expect(residual.occasions).toEqual(reference.occasions ?? null);
  const expectOne = (
    name: string,
    label: number | null,
    value: number,
    theirs: number,
    se?: number,
  ): void => {
    const own = fit.parameters.find((p) => p.name === name && (p.class === null || p.class === label));
    expect(own?.standardError, `${name} of class ${label}`).toBeGreaterThan(0);
    expectAgrees(name, value, theirs, se ?? own!.standardError!, tolerance.estimate);
    if (se !== undefined) expectSameError(name, own!.standardError, se, tolerance.standardError);
  };
  for (let k = 0; k < perClass; k++)
    occasions.forEach((occasion, o) => {
      const label = perClass === 1 ? null : match[k]! + 1;
      const at = (label === null ? 0 : label - 1) * occasions.length + o;
      const theirs = k * occasions.length + o;
      expectOne(
        occasion === null ? "residual sd" : `residual sd[${occasion}]`,
        label,
        residual.sd[at]!,
        reference.residualSd[theirs]!,
        reference.residualSdSe?.[theirs],
      );
    });
  if (reference.autocorrelation === undefined) expect(residual.autocorrelation).toBeNull();
  else
    expectOne(
      "autocorrelation",
      null,
      residual.autocorrelation!,
      reference.autocorrelation,
      reference.autocorrelationSe,
    );
}

/** Entries of D against the reference, in standard errors of ours (the reference has none on this scale). */
function expectCovariance(
  fit: FitResult,
  reference: ReferenceModel,
  match: readonly number[],
  tolerance: number,
): void {
  const d = reference.covarianceD;
  if (d === undefined) {
    expect(fit.covariance === null || fit.covariance.names.length === 0).toBe(true);
    return;
  }
  const perClass = (Array.isArray(d[0]![0]) ? d : [d]) as readonly (readonly (readonly number[])[])[];
  const { names, matrices } = fit.covariance!;
  perClass.forEach((theirs, k) => {
    const ours = matrices[matrices.length === 1 ? 0 : match[k]!]!;
    names.forEach((row, r) => {
      names.slice(0, r + 1).forEach((column, c) => {
        const own = fit.parameters.find(
          (p) =>
            p.block === "covariance" &&
            (r === c
              ? p.name === `var(${row})`
              : [`cov(${row},${column})`, `cov(${column},${row})`].includes(p.name)),
        );
        // A scaled D has no standard error per class; a tenth of its size is of that order here.
        const scale = own?.standardError ?? 0.1 * Math.sqrt(theirs[r]![r]! * theirs[c]![c]!);
        const known = reference.covarianceSe?.[(r * (r + 1)) / 2 + c];
        if (known !== undefined && known > 0)
          expectSameError(`D ${row} ${column}`, own!.standardError, known, MIXTURE.standardError);
        expectAgrees(`D ${row} ${column}`, ours[r]![c]!, theirs[r]![c]!, scale, tolerance);
      });
    });
  });
}

/** Logits against the reference's own reference class, whatever ours is. */
function expectMembership(fit: FitResult, reference: ReferenceModel, match: readonly number[]): void {
  const membership = reference.membership!;
  const covariance = fit.parameterCovariance!;
  const index = (name: string, k: number): number =>
    fit.parameters.findIndex((p) => p.block === "membership" && p.name === name && p.class === match[k]! + 1);
  membership.names.forEach((name, j) => {
    const base = index(name, membership.reference - 1);
    membership.logits.forEach((logits, k) => {
      const own = index(name, k);
      const estimate = (i: number): number => (i < 0 ? 0 : fit.parameters[i]!.estimate);
      const entry = (r: number, c: number): number => (r < 0 || c < 0 ? 0 : covariance[r]![c]!);
      const variance = entry(own, own) + entry(base, base) - 2 * entry(own, base);
      const what = `membership ${name} of class ${match[k]! + 1}`;
      const se = membership.se![k]![j]!;
      expectAgrees(what, estimate(own) - estimate(base), logits[j]!, se, MIXTURE.estimate);
      expectSameError(what, Math.sqrt(variance), se, MIXTURE.standardError);
    });
  });
}

/** Which of our classes each reference class is: the assignment with the nearest fixed effects. */
function matchClasses(fit: FitResult, reference: ReferenceModel, terms: readonly string[]): number[] {
  const classes = reference.classes!;
  const taken = new Set<number>();
  return classes.map((theirs) => {
    let best = -1;
    let bestDistance = Number.POSITIVE_INFINITY;
    fit.classes.forEach((ours, candidate) => {
      if (taken.has(candidate)) return;
      const distance = terms.reduce((sum, term, j) => {
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
