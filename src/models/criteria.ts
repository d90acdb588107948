import type { Criteria } from "./result.js";

/** Relative entropy below which classes overlap so much that a person's most likely class is often wrong. */
export const LOW_ENTROPY = 0.6;

/**
 * Uncertainty of a classification: -sum of p log p over persons and classes, 0 when every posterior is 0 or 1.
 * @param posteriors - nPersons x nClasses
 * @returns the entropy in nats
 */
export function classificationEntropy(posteriors: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < posteriors.length; i++) {
    const p = posteriors[i]!;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum;
}

/**
 * Information criteria of a fit; n is the number of persons throughout.
 * @param logLikelihood - at the maximum
 * @param nParameters - d
 * @param nPersons - n
 * @param nClasses - K
 * @param posteriors - nPersons x nClasses
 * @returns AIC = -2l + 2d (Akaike 1974); BIC = -2l + d log n (Schwarz 1978); SABIC with n replaced by (n + 2) / 24 (Sclove 1987);
 *   CAIC = -2l + d (log n + 1) (Bozdogan 1987); AWE = -2(l - E) + 2d (log n + 3/2) and ICL-BIC = BIC + 2E, with E the
 *   classification entropy (Banfield & Raftery 1993; Biernacki et al. 2000); entropy = 1 - E / (n log K) (Ramaswamy et al. 1993)
 */
export function informationCriteria(
  logLikelihood: number,
  nParameters: number,
  nPersons: number,
  nClasses: number,
  posteriors: Float64Array,
): Criteria {
  const deviance = -2 * logLikelihood;
  const logN = Math.log(nPersons);
  const uncertainty = nClasses > 1 ? classificationEntropy(posteriors) : 0;
  const bic = deviance + nParameters * logN;
  return {
    aic: deviance + 2 * nParameters,
    bic,
    sabic: deviance + nParameters * Math.log((nPersons + 2) / 24),
    caic: deviance + nParameters * (logN + 1),
    awe: deviance + 2 * uncertainty + 2 * nParameters * (logN + 1.5),
    iclBic: bic + 2 * uncertainty,
    entropy: nClasses > 1 ? 1 - uncertainty / (nPersons * Math.log(nClasses)) : null,
  };
}
