import { randomEffectMap } from "../parameters/reported.js";
import { quadraticForm } from "./effects.js";
import { type OccasionGroups, occasionGroups } from "./occasions.js";
import { type People, type PersonInClass, personInClass } from "./people.js";
import type { Diagnostics } from "./types.js";

/** What one pass over the people adds up; internal scale, save `rows`. */
export interface ResidualSums {
  readonly rows: Diagnostics["rows"];
  readonly groups: OccasionGroups;
  /** Per row: square of the residual and its expectation, averaged over classes, in units of the residual variance. */
  readonly square: Float64Array;
  readonly expectedSquare: Float64Array;
  /** Per person: sums over neighbouring rows of products, their expectations, and products of standard deviations. */
  readonly product: Float64Array;
  readonly expectedProduct: Float64Array;
  readonly scale: Float64Array;
  /** q x q: from internal random effects to the user's. */
  readonly effectMap: Float64Array;
  /** nPersons x K x q, user's scale: b and its variance under the model, the diagonal of D - C. */
  readonly effect: Float64Array;
  readonly effectVariance: Float64Array;
}

/**
 * Adds up residuals and random effects of all people, averaged over classes by posterior probability.
 * @param people - a fit and the people fitted
 * @returns the sums
 */
export function residualSums(people: People): ResidualSums {
  const { design, posteriors } = people;
  const nPersons = posteriors.personIds.length;
  const n = people.observed.length;
  const size = nPersons * posteriors.nClasses * design.moments.nRandom;
  const column = (): Float64Array => new Float64Array(n);
  const groups = occasionGroups(people.time, design.keptStart);
  const sums: ResidualSums = {
    rows: {
      person: new Int32Array(n),
      time: people.time,
      observed: people.observed,
      fitted: column(),
      predicted: column(),
      conditional: column(),
      standardized: column(),
      marginal: column(),
      marginalStandardized: column(),
    },
    groups,
    square: column(),
    expectedSquare: column(),
    product: new Float64Array(nPersons),
    expectedProduct: new Float64Array(nPersons),
    scale: new Float64Array(nPersons),
    effectMap: randomEffectMap(design.stored),
    effect: new Float64Array(size),
    effectVariance: new Float64Array(size),
  };
  for (let i = 0; i < nPersons; i++) addPerson(sums, people, i);
  return sums;
}

/** Share of the residual variance that a residual keeps at least: rounding leaves no less of one that the effects reproduce. */
const LEAST_SHARE = 1e-10;

function addPerson(sums: ResidualSums, people: People, i: number): void {
  const { design, posteriors } = people;
  const { nClasses, values } = posteriors;
  const { outcomeMean, outcomeSd } = design.stored.scaling;
  const { rows } = sums;
  const first = design.keptStart[i]!;
  const n = design.keptStart[i + 1]! - first;
  const q = design.moments.nRandom;
  const variance = new Float64Array(n);
  const marginalVariance = new Float64Array(n);
  for (let k = 0; k < nClasses; k++) {
    const p = values[i * nClasses + k]!;
    const member = personInClass(people, i, k);
    const d = covarianceOf(people, k, q);
    const residual = new Float64Array(n);
    const own = new Float64Array(n);
    for (let r = 0; r < n; r++) {
      let predicted = member.means[r]!;
      for (let a = 0; a < q; a++) predicted += member.z[r * q + a]! * member.effects.mean[a]!;
      residual[r] = (people.observed[first + r]! - outcomeMean) / outcomeSd - predicted;
      const within = member.residualCovariance[r * n + r]!;
      own[r] = Math.max(
        within - quadraticForm(member.z, r * q, member.effects.covariance, q),
        LEAST_SHARE * within,
      );
      variance[r]! += p * own[r]!;
      marginalVariance[r]! += p * (within + quadraticForm(member.z, r * q, d, q));
      rows.fitted[first + r]! += p * member.means[r]!;
      rows.predicted[first + r]! += p * predicted;
      sums.square[first + r]! += (p * residual[r]! ** 2) / within;
      sums.expectedSquare[first + r]! += (p * own[r]!) / within;
    }
    addProducts(sums, i, p, member, residual, own);
    addEffects(sums, (i * nClasses + k) * q, member, d);
  }
  for (let r = first; r < first + n; r++) {
    rows.person[r] = i;
    rows.fitted[r] = rows.fitted[r]! * outcomeSd + outcomeMean;
    rows.predicted[r] = rows.predicted[r]! * outcomeSd + outcomeMean;
    rows.conditional[r] = rows.observed[r]! - rows.predicted[r]!;
    rows.marginal[r] = rows.observed[r]! - rows.fitted[r]!;
    rows.standardized[r] = rows.conditional[r]! / (Math.sqrt(variance[r - first]!) * outcomeSd);
    rows.marginalStandardized[r] = rows.marginal[r]! / (Math.sqrt(marginalVariance[r - first]!) * outcomeSd);
  }
}

/** Estimates U b on the user's scale, and their variances under the model, the diagonal of U (D - C) U'. */
function addEffects(sums: ResidualSums, at: number, { effects }: PersonInClass, d: Float64Array): void {
  const q = effects.mean.length;
  const spread = d.map((value, e) => value - effects.covariance[e]!);
  for (let a = 0; a < q; a++) {
    for (let c = 0; c < q; c++) sums.effect[at + a]! += sums.effectMap[a * q + c]! * effects.mean[c]!;
    sums.effectVariance[at + a] = Math.max(quadraticForm(sums.effectMap, a * q, spread, q), 0);
  }
}

/** D of a class, q x q, internal scale. */
function covarianceOf({ parameters }: People, k: number, q: number): Float64Array {
  const { factor } = parameters;
  const out = new Float64Array(q * q);
  for (let a = 0; a < q; a++)
    for (let b = 0; b < q; b++)
      for (let c = 0; c <= Math.min(a, b); c++)
        out[a * q + b]! += factor[(k * q + a) * q + c]! * factor[(k * q + b) * q + c]!;
  return out;
}

/** Products of neighbouring residuals beside what the model expects of them. */
function addProducts(
  sums: ResidualSums,
  i: number,
  p: number,
  member: PersonInClass,
  residual: Float64Array,
  own: Float64Array,
): void {
  const n = residual.length;
  const q = member.effects.mean.length;
  for (let r = 0; r + 1 < n; r++) {
    const next = r + 1;
    sums.product[i]! += p * residual[r]! * residual[next]!;
    sums.expectedProduct[i]! +=
      p *
      (member.residualCovariance[r * n + next]! -
        quadraticForm(member.z, r * q, member.effects.covariance, q, next * q));
    sums.scale[i]! += p * Math.sqrt(own[r]! * own[next]!);
  }
}
