import type { RandomStream } from "../core/random.js";
import { COVARIATES } from "./population.js";

const [AGE, FEMALE, IMD, EMPLOYED, LTC, MEDICATION] = COVARIATES.map((_, c) => c) as [
  number,
  number,
  number,
  number,
  number,
  number,
];

/**
 * Draws the covariates of a person, roughly as in NHS Talking Therapies: mean age near 40, two thirds women, more from
 * deprived areas than not, half of them in work, long-term conditions rising with age, half on medication.
 * @param stream - the person's stream
 * @param out - one entry per covariate in the order of `COVARIATES`; overwritten
 */
export function drawCovariates(stream: RandomStream, out: Float64Array): void {
  // Skewed to the right, as referrals are: 16 years and a gamma of mean 24.
  const age = Math.min(95, Math.floor(16 + stream.gamma(2.6) * 9.3));
  out[AGE] = age;
  out[FEMALE] = stream.uniform() < 0.66 ? 1 : 0;
  // Weights 1.3, 1.23, … 0.7 from the most deprived decile to the least.
  const imd = 1 + Math.floor(10 * skewed(stream.uniform()));
  out[IMD] = imd;
  const working = age < 66 ? 0.53 + 0.025 * (imd - 5.5) : 0.08;
  out[EMPLOYED] = stream.uniform() < working ? 1 : 0;
  out[LTC] = stream.uniform() < 0.18 + 0.006 * (age - 30) ? 1 : 0;
  out[MEDICATION] = stream.uniform() < 0.5 ? 1 : 0;
}

/** Inverse of F(x) = 1.3 x - 0.3 x^2 on [0, 1]: density falling in a straight line from 1.3 to 0.7. */
function skewed(u: number): number {
  return (1.3 - Math.sqrt(1.69 - 1.2 * u)) / 0.6;
}
