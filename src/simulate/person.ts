import { createStream, type RandomStream } from "../core/random.js";
import { drawCovariates } from "./covariates.js";
import { COVARIATES, type Coefficients, REFERENCE } from "./population.js";
import type { SimulationSpec } from "./spec.js";
import { classWeightsInto, type SimulationTruth, STREAM } from "./truth.js";

/** Highest scores. */
const MAXIMUM = { phq9: 27, gad7: 21 } as const;
/** Referrals come on any of the days of five years from 1 January 2019. */
export const REFERRAL_DAYS = 1826;
/** Shape of the gamma that spreads the planned number of sessions (a negative binomial beyond the minimum). */
const SESSIONS_SHAPE = 4;

/** A simulated person. The object and its arrays are used again for the next one: copy what is to be kept. */
export interface SimulatedPerson {
  /** From 0. */
  readonly index: number;
  /** True class, from 0. */
  readonly classIndex: number;
  /** In the order of `COVARIATES`. */
  readonly covariates: Float64Array;
  /** Day of the first session, from 0. */
  readonly startDay: number;
  /** Sessions attended; the arrays below hold this many entries, and older ones after them. */
  readonly nRows: number;
  /** Appointment number, from 1; missed ones are skipped. */
  readonly session: Int32Array;
  /** Days since the first session. */
  readonly day: Int32Array;
  /** Weeks since the first session, to three decimals: the time in the growth curves. */
  readonly week: Float64Array;
  readonly phq9: Float64Array;
  readonly gad7: Float64Array;
}

/**
 * Simulates people one by one. Each has a random stream of their own, so a person is the same whoever is simulated
 * before, and the first hundred of a million are the same as a hundred.
 * @param truth - the true parameters, from `simulationTruth`
 * @param from - index of the first person; default 0
 * @param to - index after the last one; default all
 * @returns an iterator over the persons; each call gives the same object with new contents
 */
export function* simulatePersons(
  truth: SimulationTruth,
  from: number = 0,
  to: number = truth.spec.nPersons,
): Generator<SimulatedPerson, void, undefined> {
  const person = new PersonSimulator(truth);
  for (let index = from; index < to; index++) {
    person.draw(index);
    yield person;
  }
}

class PersonSimulator implements SimulatedPerson {
  index = 0;
  classIndex = 0;
  startDay = 0;
  nRows = 0;
  readonly covariates: Float64Array = new Float64Array(COVARIATES.length);
  readonly session: Int32Array;
  readonly day: Int32Array;
  readonly week: Float64Array;
  readonly phq9: Float64Array;
  readonly gad7: Float64Array;

  private readonly spec: SimulationSpec;
  private readonly intercepts: readonly number[];
  private readonly logOdds: readonly (readonly number[])[];
  private readonly classWeights: Float64Array;
  /** Per measure: the coefficients of intercept and slope, one per covariate. */
  private readonly growth: Readonly<Record<"phq9" | "gad7", readonly [Float64Array, Float64Array]>>;
  /** Growth factors of this person: intercept, slope, curvature. */
  private readonly phq9Curve = new Float64Array(3);
  private readonly gad7Curve = new Float64Array(3);
  private readonly dropoutLogit: number;

  constructor(truth: SimulationTruth) {
    const { spec } = truth;
    this.spec = spec;
    this.intercepts = truth.classLogits.intercepts;
    this.logOdds = COVARIATES.map((name) => truth.classLogits.effects[name]!);
    this.classWeights = new Float64Array(spec.classes.length);
    const { phq9, gad7 } = spec.effects;
    this.growth = {
      phq9: [coefficients(phq9.intercept), coefficients(phq9.slope)],
      gad7: [coefficients(gad7.intercept), coefficients(gad7.slope)],
    };
    this.dropoutLogit = Math.log(spec.dropout.rate / (1 - spec.dropout.rate));
    const most = spec.sessions.maximum;
    this.session = new Int32Array(most);
    this.day = new Int32Array(most);
    this.week = new Float64Array(most);
    this.phq9 = new Float64Array(most);
    this.gad7 = new Float64Array(most);
  }

  draw(index: number): void {
    const stream = createStream(this.spec.seed, STREAM.person, index);
    this.index = index;
    drawCovariates(stream, this.covariates);
    classWeightsInto(this.classWeights, this.intercepts, this.logOdds, this.covariates);
    this.classIndex = stream.categorical(this.classWeights);
    this.startDay = stream.integer(REFERRAL_DAYS);
    this.drawGrowth(stream);
    this.drawSessions(stream);
  }

  private drawGrowth(stream: RandomStream): void {
    const { variation, classes } = this.spec;
    const own = classes[this.classIndex]!;
    // Correlation between the measures first, then between intercept and slope.
    const between = variation.betweenMeasures;
    const rest = Math.sqrt(1 - between * between);
    const a = stream.normal();
    const b = stream.normal();
    const c = between * a + rest * stream.normal();
    const d = between * b + rest * stream.normal();
    this.setCurve("phq9", this.phq9Curve, own.phq9, a, b);
    this.setCurve("gad7", this.gad7Curve, own.gad7, c, d);
  }

  private setCurve(
    measure: "phq9" | "gad7",
    curve: Float64Array,
    mean: { readonly intercept: number; readonly slope: number; readonly curvature: number },
    first: number,
    second: number,
  ): void {
    const { [measure]: own, interceptSlopeCorrelation: correlation } = this.spec.variation;
    const [intercept, slope] = this.growth[measure];
    const slopeDeviate = correlation * first + Math.sqrt(1 - correlation * correlation) * second;
    curve[0] = mean.intercept + this.effect(intercept) + own.interceptSd * first;
    curve[1] = mean.slope + this.effect(slope) + own.slopeSd * slopeDeviate;
    curve[2] = mean.curvature;
  }

  private effect(perUnit: Float64Array): number {
    let sum = 0;
    for (let c = 0; c < COVARIATES.length; c++)
      sum += perUnit[c]! * (this.covariates[c]! - REFERENCE[COVARIATES[c]!]);
    return sum;
  }

  private drawSessions(stream: RandomStream): void {
    const { sessions, missedShare, regular } = this.spec;
    const beyond = sessions.mean - sessions.minimum;
    const mean = beyond === 0 ? 0 : (stream.gamma(SESSIONS_SHAPE) / SESSIONS_SHAPE) * beyond;
    const planned = Math.min(sessions.maximum, sessions.minimum + stream.poisson(mean));
    let row = 0;
    let day = 0;
    for (let session = 1; session <= planned; session++) {
      if (session > 1) {
        day += this.gapDays(stream);
        if (!regular && stream.uniform() < missedShare) continue;
      }
      this.session[row] = session;
      this.day[row] = day;
      this.week[row] = Math.round((day / 7) * 1000) / 1000;
      this.drawScores(stream, row);
      row++;
      if (row >= sessions.minimum && this.dropsOut(stream, this.phq9[row - 1]!)) break;
    }
    this.nRows = row;
  }

  private gapDays(stream: RandomStream): number {
    if (this.spec.regular) return 7;
    const { mean, sd } = this.spec.weeksBetween;
    const weeks = sd === 0 ? mean : (stream.gamma((mean / sd) ** 2) * sd * sd) / mean;
    return Math.max(1, Math.round(weeks * 7));
  }

  private drawScores(stream: RandomStream, row: number): void {
    const { variation } = this.spec;
    const correlation = variation.residualCorrelation;
    const first = stream.normal();
    const second = correlation * first + Math.sqrt(1 - correlation * correlation) * stream.normal();
    const week = this.week[row]!;
    this.phq9[row] = this.asScore(
      valueAt(this.phq9Curve, week) + variation.phq9.residualSd * first,
      MAXIMUM.phq9,
    );
    this.gad7[row] = this.asScore(
      valueAt(this.gad7Curve, week) + variation.gad7.residualSd * second,
      MAXIMUM.gad7,
    );
  }

  private asScore(value: number, maximum: number): number {
    // Plus 0, as a score of -0 would be another key in a table.
    return this.spec.rounding ? Math.min(maximum, Math.max(0, Math.round(value))) + 0 : value;
  }

  private dropsOut(stream: RandomStream, score: number): boolean {
    const { rate, strength } = this.spec.dropout;
    if (rate === 0) return false;
    const logit = this.dropoutLogit + strength * (score - 10);
    return stream.uniform() < 1 / (1 + Math.exp(-logit));
  }
}

function coefficients(perUnit: Coefficients): Float64Array {
  return Float64Array.from(COVARIATES, (name) => perUnit[name] ?? 0);
}

function valueAt(curve: Float64Array, week: number): number {
  return curve[0]! + week * (curve[1]! + week * curve[2]!);
}
