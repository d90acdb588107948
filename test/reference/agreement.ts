import { expect } from "vitest";
import type { FitResult } from "../../src/models/result.js";
import { comparisons, matchClasses } from "./comparisons.js";
import type { ReferenceModel } from "./fixtures.js";

/** The tolerances: distances in standard errors, and relative errors of the standard errors. */
const ONE_CLASS = { estimate: 0.001, standardError: 0.02 };
const MIXTURE = { estimate: 0.01, standardError: 0.02 };
const LOG_LIKELIHOOD = 1e-4;
/** Where flexmix inflates variances by n / (n - 3), which costs 9 / (4 n) of log-likelihood: 0.001 at the 2,239 rows of REFRAMED. */
const LOG_LIKELIHOOD_ONLY = 2e-3;

/** What estimates a hundred-thousandth of a standard error apart can make of a posterior probability, with room. */
const POSTERIOR = 1e-4;

/** How a fit compares with the reference. */
export interface Agreement {
  readonly name: string;
  readonly package: string;
  readonly data: ReferenceModel["data"];
  readonly mixture: boolean;
  /** Our log-likelihood less that of the reference. */
  readonly gain: number;
  /** Largest distance of an estimate, in standard errors; null where only the log-likelihood is compared. */
  readonly largestDistance: number | null;
  /** Standard errors compared, and their largest relative difference. */
  readonly standardErrors: number;
  readonly largestErrorDifference: number | null;
  /** Standard errors of the package that exact derivatives show to be wrong by more than the tolerance. */
  readonly doubtful: readonly { readonly what: string; readonly off: number }[];
  /** Why only the log-likelihood is compared. */
  readonly only: "boundary" | "local maximum" | "better" | "other scale" | null;
}

/**
 * Checks a fit against the reference, to the tolerances above.
 * @param fit - our fit of the reference's model to its data
 * @param reference - the reference
 * @returns what was found, for the table of docs/notes/references.md
 */
export function expectAgreement(fit: FitResult, reference: ReferenceModel): Agreement {
  expect(fit.nPersons).toBe(reference.nPersons);
  expect(fit.nObservations).toBe(reference.nObservations);
  expect(fit.nParameters).toBe(reference.npar);
  const mixture = reference.classes !== undefined;
  const gain = fit.logLikelihood - reference.logLik;
  expect(gain, "log-likelihood below the reference").toBeGreaterThan(-LOG_LIKELIHOOD);
  const check = fit.logLikelihood - (reference.logLikCrossCheck?.logLik ?? fit.logLikelihood);
  expect(check, "log-likelihood below the independent maximum").toBeGreaterThan(-LOG_LIKELIHOOD);
  if (!mixture) expect(check, "log-likelihood above the independent maximum").toBeLessThan(LOG_LIKELIHOOD);
  if (reference.logLikOnly !== undefined)
    expect(gain, reference.logLikOnly).toBeLessThan(LOG_LIKELIHOOD_ONLY);
  else if (!mixture)
    expect(gain, "log-likelihood above that of a concave problem").toBeLessThan(LOG_LIKELIHOOD);
  const only = onlyLogLikelihood(reference, gain);
  if (only === null) expectSameStructure(fit, reference);
  const all = only === null ? comparisons(fit, reference) : [];
  const tolerance = mixture ? MIXTURE : ONE_CLASS;
  const sound = all.filter((each) => each.doubtful === undefined);
  for (const { what, kind, ours, theirs, difference } of sound)
    expect(difference, `${what}: ${ours}, reference ${theirs}`).toBeLessThan(tolerance[kind]);
  const differences = (kind: "estimate" | "standardError"): number[] =>
    sound.filter((each) => each.kind === kind).map((each) => each.difference);
  const largest = (values: readonly number[]): number | null =>
    values.length > 0 ? Math.max(...values) : null;
  return {
    name: reference.name,
    package: reference.package,
    data: reference.data,
    mixture: (reference.spec.classes ?? 1) > 1,
    gain,
    largestDistance: largest(differences("estimate")),
    standardErrors: differences("standardError").length,
    largestErrorDifference: largest(differences("standardError")),
    doubtful: all.flatMap(({ what, doubtful }) => (doubtful === undefined ? [] : [{ what, off: doubtful }])),
    only,
  };
}

function onlyLogLikelihood(reference: ReferenceModel, gain: number): Agreement["only"] {
  if (reference.logLikOnly !== undefined) return "other scale";
  if (reference.localMaximum) return "local maximum";
  if (reference.classes === undefined) return null;
  if (gain >= LOG_LIKELIHOOD) return "better";
  return reference.boundary ? "boundary" : null;
}

/** The same residual structure and random effects, and classes of the same size. */
function expectSameStructure(fit: FitResult, reference: ReferenceModel): void {
  expect(fit.residual.sd.length).toBe(reference.residualSd.length);
  expect(fit.residual.occasions).toEqual(reference.occasions ?? null);
  expect(fit.residual.autocorrelation === null).toBe(reference.autocorrelation === undefined);
  if (reference.covarianceD === undefined)
    expect(fit.covariance === null || fit.covariance.names.length === 0).toBe(true);
  if (reference.classes === undefined) return;
  const match = matchClasses(fit, reference);
  reference.classes.forEach((theirs, k) => {
    const summary = fit.classes[match[k]!]!;
    expect(Math.abs(summary.proportion - theirs.proportion)).toBeLessThan(1e-3);
    // Two classes may be as good as equally likely for a person, so rounding may move one.
    expect(Math.abs(summary.assigned - theirs.assigned)).toBeLessThanOrEqual(1);
  });
  expect(Math.abs(fit.criteria.entropy! - reference.entropy!)).toBeLessThan(1e-3);
  const { personIds, nClasses, values } = fit.posteriors;
  for (const [id, theirs] of Object.entries(reference.posteriors ?? {})) {
    const i = personIds.indexOf(id);
    expect(i, id).toBeGreaterThanOrEqual(0);
    theirs.forEach((p, k) => {
      const own = values[i * nClasses + match[k]!]!;
      expect(Math.abs(own - p), `posterior of ${id}: ${own}, reference ${p}`).toBeLessThan(POSTERIOR);
    });
  }
}
