import { InputError } from "../core/errors.js";
import type { LongTable } from "../core/table.js";
import { meanAtLastTime } from "./fit/finish.js";
import { freeVector, fullDirections } from "./fit/freeSpace.js";
import { FLAT_CURVATURE, type ObservedInformation, observedInformation } from "./fit/newton.js";
import { visitScores } from "./fit/scores.js";
import { logPriorInto } from "./kernels/prior.js";
import { freeLikelihoodOf } from "./likelihood.js";
import { allocateFor, unpackInto } from "./parameters.js";
import { type People, readFittedPeople } from "./persons/people.js";
import { shapeOf } from "./problem.js";
import type { FitResult } from "./result.js";

/** How much each person weighs in a fit. */
export interface Influence {
  readonly personIds: readonly string[];
  readonly nClasses: number;
  /** nPersons: each person's share of the log-likelihood of the scores. */
  readonly logLikelihood: Float64Array;
  /**
   * nPersons: likelihood displacement s'H^-1 s, about twice the log-likelihood that the estimates without the person lose among
   * all people. On average nParameters / nPersons where the model is right. Null where the curvature gives none.
   */
  readonly displacement: Float64Array | null;
  /** The last common time, at which class means are compared. */
  readonly time: number;
  /** nPersons x K: change of each class's mean at that time when the person is left out, score points; null as above. */
  readonly meanChange: Float64Array | null;
  /** nPersons x K: change of each class's proportion when the person is left out; null as above. */
  readonly proportionChange: Float64Array | null;
  /** The most influential people, by displacement, most first; empty without it. */
  readonly top: readonly InfluentialPerson[];
}

/** One of the most influential people. */
export interface InfluentialPerson {
  readonly personId: string;
  readonly modalClass: number;
  /** Scores used. */
  readonly occasions: number;
  readonly logLikelihood: number;
  readonly displacement: number;
  readonly meanChange: readonly number[];
  readonly proportionChange: readonly number[];
}

/** How many people {@link influence} lists when nothing else is asked for. */
const LISTED = 20;

/**
 * Each person's influence on a fit, without refitting: leaving person i out moves the free vector by about -H^-1 s_i, with H the
 * observed information of all people and s_i the person's score. What is reported follows to first order: the likelihood
 * displacement 2 [ l(x) - l(x_(i)) ] = s_i'H^-1 s_i, the change of each class's mean at the last common time, and the change of
 * the class proportions (membership covariates of all people as they are). First order is a little too small for people
 * who weigh much.
 * @param result - a maximum likelihood fit
 * @param table - the long table that was fitted
 * @param listed - how many people to list as the most influential
 * @returns influence of every person, in the order of the fit's posteriors
 * @throws InputError for a REML fit, and where the table is not the one fitted
 * Source: one-step deletion: Pregibon (1981, section 3); displacement: Cook (1986, section 3); mixed models: Lesaffre & Verbeke (1998).
 */
export function influence(result: FitResult, table: LongTable, listed: number = LISTED): Influence {
  if (result.model.reml)
    throw new InputError({
      code: "reml-influence",
      where: "model: reml",
      message: "Under REML a person has no share of the likelihood of their own.",
      expected: "a maximum likelihood fit",
      fix: "Fit the model again without reml.",
    });
  const people = readFittedPeople(result, table);
  const information = informationAt(people, result);
  const out = allocateInfluence(people, result);
  // A direction along which the log-likelihood still rises has no maximum to be displaced from.
  const curved = (information.eigenvalues[0] ?? 1) > -1e-4;
  fillInfluence(out, people, curved ? information : null);
  const found = curved ? out : { ...out, displacement: null, meanChange: null, proportionChange: null };
  return { ...found, top: curved ? mostInfluential(out, people, listed) : [] };
}

/** Observed information at the fit: m eigenvalues with n x m directions of the full vector, m parameters being free. */
type Information = Pick<ObservedInformation, "eigenvalues" | "directions">;

function informationAt({ design, data, x }: People, result: FitResult): Information {
  const shape = shapeOf({ spec: result.model, design, data }, result.model);
  const { objective, space } = freeLikelihoodOf(data, shape);
  const { eigenvalues, directions } = observedInformation(
    objective,
    objective.evaluate(freeVector(space, x), true),
  );
  return { eigenvalues, directions: fullDirections(space, directions) };
}

/** Everything filled in, before it is known whether the curvature serves. */
type Filled = Influence & {
  readonly displacement: Float64Array;
  readonly meanChange: Float64Array;
  readonly proportionChange: Float64Array;
};

function allocateInfluence({ posteriors }: People, result: FitResult): Filled {
  const nPersons = posteriors.personIds.length;
  const { nClasses } = posteriors;
  return {
    personIds: posteriors.personIds,
    nClasses,
    logLikelihood: new Float64Array(nPersons),
    displacement: new Float64Array(nPersons),
    time: result.design.times.lastCommon,
    meanChange: new Float64Array(nPersons * nClasses),
    proportionChange: new Float64Array(nPersons * nClasses),
    top: [],
  };
}

function fillInfluence(out: Filled, people: People, information: Information | null): void {
  const { design, layout, data } = people;
  const { nClasses } = layout;
  const { outcomeSd } = design.stored.scaling;
  const rankOfPerson = new Int32Array(design.keptPersons.at(-1)! + 1);
  design.keptPersons.forEach((person, rank) => {
    rankOfPerson[person] = rank;
  });
  const gradients = [...meanGradients(people), ...proportionGradients(people)];
  // Rows of gradient' times each direction, so that a person's change is a sum over directions.
  const shares =
    information === null ? [] : gradients.map((gradient) => intoDirections(information, gradient));
  visitScores(data, layout, people.x, (position, score, logLikelihood) => {
    const rank = rankOfPerson[data.moments.personIndex[position]!]!;
    const occasions = design.keptStart[rank + 1]! - design.keptStart[rank]!;
    out.logLikelihood[rank] = logLikelihood - occasions * Math.log(outcomeSd);
    if (information === null) return;
    const along = intoDirections(information, score);
    out.displacement[rank] = product(information, along, along);
    for (let k = 0; k < nClasses; k++) {
      out.meanChange[rank * nClasses + k] = -product(information, shares[k]!, along);
      out.proportionChange[rank * nClasses + k] = -product(information, shares[nClasses + k]!, along);
    }
  });
}

/** Inner products of a gradient with each direction. */
function intoDirections({ directions, eigenvalues }: Information, gradient: Float64Array): Float64Array {
  const m = eigenvalues.length;
  const out = new Float64Array(m);
  for (let i = 0; i < gradient.length; i++) {
    const value = gradient[i]!;
    if (value !== 0) for (let d = 0; d < m; d++) out[d]! += value * directions[i * m + d]!;
  }
  return out;
}

/** a'H^-1 b of two gradients given by their shares in the directions; flat directions are left out. */
function product({ eigenvalues }: Information, a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++)
    if (eigenvalues[d]! >= FLAT_CURVATURE) sum += (a[d]! * b[d]!) / eigenvalues[d]!;
  return sum;
}

/**
 * d (mean of class k at the last common time, score points) / d x, one vector per class, by central differences: the mean is a
 * polynomial of low degree in x.
 */
function meanGradients({ data, design, layout, x }: People): Float64Array[] {
  const parameters = allocateFor(layout);
  const moved = x.slice();
  const meansAt = (j: number, value: number): number[] => {
    moved[j] = value;
    unpackInto(layout, moved, parameters);
    moved[j] = x[j]!;
    return Array.from({ length: layout.nClasses }, (_, k) => meanAtLastTime(data, parameters, k));
  };
  const out = Array.from({ length: layout.nClasses }, () => new Float64Array(x.length));
  for (let j = 0; j < x.length; j++) {
    const step = 1e-5 * Math.max(1, Math.abs(x[j]!));
    const above = meansAt(j, x[j]! + step);
    const below = meansAt(j, x[j]! - step);
    for (let k = 0; k < out.length; k++)
      out[k]![j] = ((above[k]! - below[k]!) / (2 * step)) * design.stored.scaling.outcomeSd;
  }
  return out;
}

/** d (mean over persons of P(class k)) / d x, one vector per class: d pi_k / d logit_l = pi_k (1[k = l] - pi_l) v. */
function proportionGradients({ data, layout, parameters }: People): Float64Array[] {
  const { nClasses, nMembership } = layout;
  const { nPersons, v } = data.moments;
  const out = Array.from({ length: nClasses }, () => new Float64Array(layout.nParameters));
  const logPrior = new Float64Array(nClasses);
  for (let i = 0; i < nPersons; i++) {
    logPriorInto(logPrior, nClasses, parameters.logits, nMembership, v, i * nMembership);
    for (let k = 0; k < nClasses; k++)
      for (let l = 0; l < nClasses - 1; l++) {
        const slope = Math.exp(logPrior[k]!) * ((k === l ? 1 : 0) - Math.exp(logPrior[l]!));
        for (let j = 0; j < nMembership; j++)
          out[k]![layout.logitsAt + l * nMembership + j]! +=
            (slope * (j === 0 ? 1 : v[i * nMembership + j]!)) / nPersons;
      }
  }
  return out;
}

function mostInfluential(out: Filled, { design, posteriors }: People, listed: number): InfluentialPerson[] {
  const { nClasses } = out;
  const order = Array.from(out.displacement, (_, i) => i).sort(
    (a, b) => out.displacement[b]! - out.displacement[a]! || a - b,
  );
  return order.slice(0, listed).map((i) => ({
    personId: out.personIds[i]!,
    modalClass: posteriors.modalClass[i]!,
    occasions: design.keptStart[i + 1]! - design.keptStart[i]!,
    logLikelihood: out.logLikelihood[i]!,
    displacement: out.displacement[i]!,
    meanChange: Array.from(out.meanChange.subarray(i * nClasses, (i + 1) * nClasses)),
    proportionChange: Array.from(out.proportionChange.subarray(i * nClasses, (i + 1) * nClasses)),
  }));
}
