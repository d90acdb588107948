/** Parameters of a normal mixture of growth curves, class by class, on the internal scale. */
export interface ClassParameters {
  readonly nClasses: number;
  /** K x P: every fixed coefficient for every class (shared ones repeated). */
  readonly beta: Float64Array;
  /** K x q x q: lower factor L of each class's random-effect covariance D = L L'. */
  readonly factor: Float64Array;
  /**
   * K x nResidual: residual variances (one, or one per occasion), then the autocorrelation of neighbouring residuals where
   * the structure has one.
   */
  readonly residual: Float64Array;
  /** K x nMembership: class logits; softmax over classes gives the prior. */
  readonly logits: Float64Array;
  /** nLoadings: value of the latent time basis at each occasion; empty without one. */
  readonly loadings: Float64Array;
}

/** Sizes of a model's parameters. */
export interface ParameterSizes {
  readonly nClasses: number;
  /** Fixed coefficients, P. */
  readonly nFixed: number;
  /** Random effects, q. */
  readonly nRandom: number;
  /** Columns of the membership design, the intercept among them. */
  readonly nMembership: number;
  /** Residual parameters of a class. */
  readonly nResidual: number;
  /** Occasions of a latent time basis; 0 without one. */
  readonly nLoadings: number;
}

/**
 * What one pass over the data gives. Gradients are of the log-likelihood with respect to the entries of
 * ClassParameters, D in place of its factor; information blocks are those of the complete data given the
 * posteriors (expected for the variances), which precondition the optimiser.
 */
export interface Evaluation {
  logLikelihood: number;
  /** K x P; for coefficients that the classes share the sum over classes is what counts. */
  readonly gradientBeta: Float64Array;
  /** K x q x q symmetric: d logLik = trace(gradientD dD). */
  readonly gradientD: Float64Array;
  /** K x nResidual. */
  readonly gradientResidual: Float64Array;
  /** K x nMembership. */
  readonly gradientLogits: Float64Array;
  /** nLoadings. */
  readonly gradientLoadings: Float64Array;
  /** K: sum of posterior probabilities. */
  readonly weight: Float64Array;
  /** K x P x P. */
  readonly informationBeta: Float64Array;
  /** K x q^4: sum of S (x) S over persons, S = Z'V^-1 Z, indexed [a c b d] as S[a,c] S[b,d]. */
  readonly informationD: Float64Array;
  /** K x nResidual x q x q: Z'V^-1 dV_r V^-1 Z, dV_r the derivative of V in residual parameter r (Z'V^-2 Z for one variance). */
  readonly informationDResidual: Float64Array;
  /** K x nResidual x nResidual: trace of V^-1 dV_r V^-1 dV_s (trace V^-2 for one variance). */
  readonly informationResidual: Float64Array;
  /** nLoadings x nLoadings, given the random effects. */
  readonly informationLoadings: Float64Array;
  /** (K nMembership)^2: sum of (diag(pi) - pi pi') (x) v v'. */
  readonly informationLogits: Float64Array;
}

/** What to compute beside the log-likelihood and its gradient. */
export interface EvaluationRequest {
  /** Fill the information blocks too. */
  readonly information: boolean;
  /** nPersons x K, in the order of the moments; filled with posterior probabilities. */
  readonly posteriors?: Float64Array;
}

/** A likelihood: the fitter does not know which kind runs behind this. */
export interface Kernel {
  readonly nClasses: number;
  /** Fills `out` at `parameters`. */
  evaluate(parameters: ClassParameters, out: Evaluation, request: EvaluationRequest): void;
  /**
   * Adds the exact observed information in the parameters of the classes: the lower triangle of the square matrix laid out by
   * `observedLayout`. Left out by kernels that cannot.
   */
  readonly addObserved?: (parameters: ClassParameters, out: Float64Array) => void;
}

/**
 * Allocates the parameters of a model.
 * @param sizes - of the model
 * @returns zeroed parameters
 */
export function allocateParameters(sizes: ParameterSizes): ClassParameters {
  const { nClasses, nFixed, nRandom, nMembership, nResidual, nLoadings } = sizes;
  return {
    nClasses,
    beta: new Float64Array(nClasses * nFixed),
    factor: new Float64Array(nClasses * nRandom * nRandom),
    residual: new Float64Array(nClasses * nResidual),
    logits: new Float64Array(nClasses * nMembership),
    loadings: new Float64Array(nLoadings),
  };
}

/**
 * Allocates the result of an evaluation.
 * @param sizes - of the model
 * @returns zeroed arrays of the shapes documented at {@link Evaluation}
 */
export function allocateEvaluation(sizes: ParameterSizes): Evaluation {
  const { nClasses, nFixed, nRandom, nMembership, nResidual, nLoadings } = sizes;
  const q2 = nRandom * nRandom;
  return {
    logLikelihood: 0,
    gradientBeta: new Float64Array(nClasses * nFixed),
    gradientD: new Float64Array(nClasses * q2),
    gradientResidual: new Float64Array(nClasses * nResidual),
    gradientLogits: new Float64Array(nClasses * nMembership),
    gradientLoadings: new Float64Array(nLoadings),
    weight: new Float64Array(nClasses),
    informationBeta: new Float64Array(nClasses * nFixed * nFixed),
    informationD: new Float64Array(nClasses * q2 * q2),
    informationDResidual: new Float64Array(nClasses * nResidual * q2),
    informationResidual: new Float64Array(nClasses * nResidual * nResidual),
    informationLoadings: new Float64Array(nLoadings * nLoadings),
    informationLogits: new Float64Array((nClasses * nMembership) ** 2),
  };
}

/**
 * Sets the log-likelihood and its gradient to zero.
 * @param out - changed in place
 */
export function clearGradient(out: Evaluation): void {
  out.logLikelihood = 0;
  out.gradientBeta.fill(0);
  out.gradientD.fill(0);
  out.gradientResidual.fill(0);
  out.gradientLogits.fill(0);
  out.gradientLoadings.fill(0);
  out.weight.fill(0);
}

/**
 * Sets every entry of an evaluation to zero.
 * @param out - changed in place
 */
export function clearEvaluation(out: Evaluation): void {
  clearGradient(out);
  out.informationBeta.fill(0);
  out.informationD.fill(0);
  out.informationDResidual.fill(0);
  out.informationResidual.fill(0);
  out.informationLoadings.fill(0);
  out.informationLogits.fill(0);
}
