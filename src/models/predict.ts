import { InputError } from "../core/errors.js";
import type { LongTable, RowLedger } from "../core/table.js";
import { internalBasisAtTimes } from "./design/basisAtTimes.js";
import type { StoredDesign } from "./design/types.js";
import { randomEffectMap } from "./parameters/reported.js";
import { quadraticForm } from "./persons/effects.js";
import { type People, type PersonInClass, personInClass, readPeople } from "./persons/people.js";
import type { FitResult, Posteriors } from "./result.js";

/** What a stored fit says of new people. */
export interface Prediction {
  readonly posteriors: Posteriors;
  /** One entry per row used. */
  readonly rows: {
    readonly personIds: readonly string[];
    readonly time: Float64Array;
    /** Score seen. */
    readonly observed: Float64Array;
    /** Mean of the classes weighted by the person's posterior probabilities. */
    readonly fitted: Float64Array;
    /** The same with the person's predicted random effects (empirical Bayes). */
    readonly predicted: Float64Array;
    /** Posterior standard deviation of the person's trajectory at this row, the parameters taken as known. */
    readonly predictedStandardError: Float64Array;
  };
  /** On request, and where the model has random effects. */
  readonly effects?: PredictedEffects;
  readonly ledger: RowLedger;
}

/** Random effects of each person given each class, on the user's scale. */
export interface PredictedEffects {
  /** Names of the q random effects. */
  readonly names: readonly string[];
  /** nPersons x K x q: posterior means (empirical Bayes). */
  readonly values: Float64Array;
  /** nPersons x K x q x q: posterior covariances. */
  readonly covariance: Float64Array;
}

/** What to predict beside posteriors and trajectories. */
export interface PredictOptions {
  /** Each person's random effects with their covariance; default false. */
  readonly effects?: boolean;
}

/**
 * Classifies people with a stored fit and predicts their trajectories, without refitting. The standard error of a
 * person's trajectory takes the parameters as known: with C_k the posterior covariance of the random effects in class k,
 * sqrt( sum_k p_k [ z'C_k z + (mu_k + z'b_k - prediction)^2 ] ).
 * @param result - a fit (its posteriors are not needed)
 * @param table - long table with the columns of the model; it may be the one fitted
 * @param options - whether random effects are wanted too
 * @returns posterior probabilities, and per row the posterior mean with and without the person's own random effects
 * @throws InputError for missing columns or categories the model has not seen
 * Source: empirical Bayes prediction in a mixture: Verbeke & Lesaffre (1996, section 4); covariance: Laird & Ware (1982).
 */
export function predict(result: FitResult, table: LongTable, options: PredictOptions = {}): Prediction {
  const people = readPeople(result, table);
  const { design, posteriors } = people;
  const n = design.used.nRows;
  const curve = allocateCurve(n);
  const effects = options.effects === true ? allocateEffects(people, result.design) : null;
  const ids: string[] = [];
  for (let i = 0; i < design.keptPersons.length; i++) {
    const first = design.keptStart[i]!;
    const members = membersOf(people, i);
    for (let r = 0; r < design.keptStart[i + 1]! - first; r++) {
      for (const member of members) {
        const { means, z } = member.inClass;
        setPoint(member, means[r]!, z, r * design.moments.nRandom);
      }
      mixPoint(curve, first + r, members, result.design);
      ids.push(posteriors.personIds[i]!);
    }
    if (effects !== null) storeEffects(effects, result.design, i, members);
  }
  return {
    posteriors,
    rows: {
      personIds: ids,
      time: people.time,
      observed: people.observed,
      fitted: curve.fitted,
      predicted: curve.predicted,
      predictedStandardError: curve.standardError,
    },
    ...(effects === null ? {} : { effects }),
    ledger: design.ledger,
  };
}

/** Predicted trajectories over common times. */
export interface PredictedTrajectories {
  readonly personIds: readonly string[];
  readonly times: readonly number[];
  /** nPersons x nTimes each, as `rows` of {@link Prediction}. */
  readonly fitted: Float64Array;
  readonly predicted: Float64Array;
  readonly standardError: Float64Array;
}

/**
 * Predicts each person's trajectory at given times, seen or not; covariates that vary in time are held at their mean over the
 * rows fitted.
 * @param result - a fit (its posteriors are not needed)
 * @param table - long table with the columns of the model
 * @param times - times in the unit of the model; default: the times of the fit's mean trajectories
 * @returns predictions with the standard errors of {@link predict}
 * @throws InputError as {@link predict}, and for times that are not finite numbers
 */
export function predictTrajectories(
  result: FitResult,
  table: LongTable,
  times: readonly number[] = result.design.times.grid,
): PredictedTrajectories {
  checkTimes(times);
  const people = readPeople(result, table);
  const { design, posteriors, parameters } = people;
  const { fixed, personColumns, moments } = design;
  const q = moments.nRandom;
  const basis = internalBasisAtTimes(result.model, result.design, times);
  const z = new Float64Array(times.length * q);
  for (let t = 0; t < times.length; t++) for (let a = 0; a < q; a++) z[t * q + a] = basis[a]![t]!;
  const nPersons = design.keptPersons.length;
  const curve = allocateCurve(nPersons * times.length);
  for (let i = 0; i < nPersons; i++) {
    const members = membersOf(people, i);
    for (let t = 0; t < times.length; t++) {
      members.forEach((member, k) => {
        let mean = 0;
        for (let j = 0; j < fixed.nFixed; j++)
          mean +=
            parameters.beta[k * fixed.nFixed + j]! *
            basis[fixed.basis[j]!]![t]! *
            personColumns[fixed.person[j]!]![i]!;
        setPoint(member, mean, z, t * q);
      });
      mixPoint(curve, i * times.length + t, members, result.design);
    }
  }
  return { personIds: posteriors.personIds, times, ...curve };
}

function checkTimes(times: readonly number[]): void {
  const wrong = times.filter((t) => !Number.isFinite(t));
  if (wrong.length > 0)
    throw new InputError({
      code: "bad-times",
      where: "times",
      message: `They hold ${wrong.slice(0, 3).map(String).join(", ")}.`,
      expected: "finite numbers in the unit of the model's time",
    });
}

/** Trajectory values being filled in, user's scale. */
interface Curve {
  readonly fitted: Float64Array;
  readonly predicted: Float64Array;
  readonly standardError: Float64Array;
}

function allocateCurve(n: number): Curve {
  return {
    fitted: new Float64Array(n),
    predicted: new Float64Array(n),
    standardError: new Float64Array(n),
  };
}

/** A person as a member of a class with its posterior probability, and one point of their trajectory there. */
interface Member {
  readonly inClass: PersonInClass;
  readonly probability: number;
  /** Class mean, mean with random effects, and posterior variance at the point, internal scale. */
  mean: number;
  own: number;
  variance: number;
}

function membersOf(people: People, person: number): Member[] {
  const { nClasses, values } = people.posteriors;
  return Array.from({ length: nClasses }, (_, k) => ({
    inClass: personInClass(people, person, k),
    probability: values[person * nClasses + k]!,
    mean: 0,
    own: 0,
    variance: 0,
  }));
}

function setPoint(member: Member, mean: number, z: Float64Array, at: number): void {
  const { effects } = member.inClass;
  const q = effects.mean.length;
  member.mean = mean;
  member.own = mean;
  for (let a = 0; a < q; a++) member.own += z[at + a]! * effects.mean[a]!;
  member.variance = quadraticForm(z, at, effects.covariance, q);
}

/** Mean and variance of the mixture of the classes' normal distributions at the point set. */
function mixPoint(curve: Curve, at: number, members: readonly Member[], { scaling }: StoredDesign): void {
  let fitted = 0;
  let predicted = 0;
  for (const { probability, mean, own } of members) {
    fitted += probability * mean;
    predicted += probability * own;
  }
  let variance = 0;
  for (const member of members)
    variance += member.probability * (Math.max(member.variance, 0) + (member.own - predicted) ** 2);
  curve.fitted[at] = fitted * scaling.outcomeSd + scaling.outcomeMean;
  curve.predicted[at] = predicted * scaling.outcomeSd + scaling.outcomeMean;
  curve.standardError[at] = Math.sqrt(variance) * scaling.outcomeSd;
}

function allocateEffects({ posteriors }: People, stored: StoredDesign): PredictedEffects | null {
  const q = stored.nRandom;
  if (q === 0) return null;
  const n = posteriors.personIds.length * posteriors.nClasses;
  return {
    names: stored.basisNames.slice(0, q),
    values: new Float64Array(n * q),
    covariance: new Float64Array(n * q * q),
  };
}

/** Effects on the user's scale, U b, and their covariance, U C U'. */
function storeEffects(
  out: PredictedEffects,
  stored: StoredDesign,
  person: number,
  members: readonly Member[],
): void {
  const q = stored.nRandom;
  const map = randomEffectMap(stored);
  members.forEach(({ inClass: { effects } }, k) => {
    const at = (person * members.length + k) * q;
    for (let a = 0; a < q; a++)
      for (let c = 0; c < q; c++) {
        const weight = map[a * q + c]!;
        if (weight === 0) continue;
        out.values[at + a]! += weight * effects.mean[c]!;
        for (let b = 0; b < q; b++)
          for (let d = 0; d < q; d++)
            out.covariance[(at + a) * q + b]! += weight * effects.covariance[c * q + d]! * map[b * q + d]!;
      }
  });
}
