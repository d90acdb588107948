import type { ModelSpec } from "../spec.js";
import type { Alias } from "./aliasing.js";
import type { Moments } from "./moments.js";
import type { Centring, FixedColumn, Scaling } from "./types.js";

/** What is known of a design before it is fitted. */
export interface DesignEvidence {
  readonly spec: ModelSpec;
  readonly moments: Moments;
  readonly basisNames: readonly string[];
  /** Every fixed column, also those left out. */
  readonly fixedColumns: readonly FixedColumn[];
  /** Those left out, and random effects, that are combinations of others (internal scale). */
  readonly aliasedFixed: readonly Alias[];
  readonly aliasedRandom: readonly Alias[];
  readonly scaling: Scaling;
  /** Of every fixed column; null where time is not centred. */
  readonly centring: Centring | null;
  /** Least and greatest time of the rows used. */
  readonly minimumTime: number;
  readonly maximumTime: number;
  /** Whether a term depends on time. */
  readonly usesTime: boolean;
}

/**
 * What the data cannot tell apart, found before fitting. The model is fitted all the same, and its verdict says what came
 * of it.
 * @param evidence - the design
 * @returns a warning each, with what to do
 */
export function designWarnings(evidence: DesignEvidence): string[] {
  return [
    ...constantScore(evidence),
    ...constantTime(evidence),
    ...evidence.aliasedFixed.map((alias) => fixedWarning(evidence, alias)),
    ...evidence.aliasedRandom.map((alias) => randomWarning(evidence, alias)),
    ...fewSessions(evidence),
  ];
}

function constantScore({ spec, moments, scaling }: DesignEvidence): string[] {
  if (moments.nObservations < 2 || moments.yy.some((sum) => sum > 0)) return [];
  return [
    `Every score of ${spec.outcome} is ${scaling.outcomeMean}, so there is nothing to model. Check the column.`,
  ];
}

function constantTime({ spec, minimumTime, maximumTime, usesTime }: DesignEvidence): string[] {
  if (!usesTime || minimumTime !== maximumTime) return [];
  return [
    `${spec.time} is ${minimumTime} in every row, so no change over time can be estimated. Check the column, or model the level alone (fixed: 1, random: 1).`,
  ];
}

function fixedWarning(evidence: DesignEvidence, alias: Alias): string {
  const { fixedColumns, scaling, centring } = evidence;
  const name = fixedColumns[alias.column]!.name;
  const scales = fixedColumns.map((column) => scaling.basis[column.basis]! * scaling.person[column.person]!);
  const vector = nullVector(alias, scales);
  if (centring !== null)
    for (const { target, source, weight } of centring.fixed)
      vector.user[target]! += weight * vector.centred[source]!;
  const names = fixedColumns.map((column) => column.name);
  return `${name} says nothing that other terms do not (${equation(alias.column, vector.user, names, scales)}), so it was left out of the fixed effects.`;
}

function randomWarning(evidence: DesignEvidence, alias: Alias): string {
  const { basisNames, moments, scaling, centring } = evidence;
  const q = moments.nRandom;
  const names = basisNames.slice(0, q);
  const scales = scaling.basis.slice(0, q);
  const vector = nullVector(alias, scales);
  if (centring !== null)
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++)
        if (a !== b) vector.user[a]! += centring.random[a]![b]! * vector.centred[b]!;
  return `The random effect of ${names[alias.column]} cannot be told from the others (${equation(alias.column, vector.user, names, scales)}). Leave it out of the random effects.`;
}

/** Coefficients of the columns that add up to zero: at centred time, and a copy to be carried to the user's columns. */
function nullVector(
  { column, combination }: Alias,
  scales: readonly number[],
): { centred: Float64Array; user: Float64Array } {
  const centred = new Float64Array(scales.length);
  centred[column] = 1 / scales[column]!;
  for (const part of combination) centred[part.column] = -part.weight / scales[part.column]!;
  return { centred, user: centred.slice() };
}

/** Share of the largest part below which a part is rounding. */
const ROUNDING = 1e-7;

/** `twice = 2 × time - 1`, numbers to six digits. */
function equation(
  column: number,
  vector: Float64Array,
  names: readonly string[],
  scales: readonly number[],
): string {
  const sizes = scales.map((scale, j) => Math.abs(vector[j]!) * scale);
  const largest = Math.max(...sizes);
  const own = vector[column]!;
  if (!(sizes[column]! > ROUNDING * largest)) return `a combination of ${names.join(", ")}`;
  let right = "";
  for (const [j, name] of names.entries()) {
    if (j === column || sizes[j]! <= ROUNDING * largest) continue;
    const weight = Number((-vector[j]! / own).toPrecision(6));
    const size = Math.abs(weight);
    const part = name === "(Intercept)" ? `${size}` : size === 1 ? name : `${size} × ${name}`;
    right += right === "" ? (weight < 0 ? `-${part}` : part) : `${weight < 0 ? " - " : " + "}${part}`;
  }
  return `${names[column]} = ${right === "" ? "0" : right}`;
}

/**
 * A person tells random effects from residual variation only with more sessions than random effects: with fewer, Z D Z' + s2 I
 * has fewer entries than parameters.
 */
function fewSessions({ moments, spec }: DesignEvidence): string[] {
  const q = moments.nRandom;
  if (q === 0) return [];
  let persons = 0;
  let most = 0;
  for (let g = 0; g < moments.nPatterns; g++) {
    const sessions = moments.patternSessions[g]!;
    most = Math.max(most, sessions);
    if (sessions > q) persons += moments.patternStart[g + 1]! - moments.patternStart[g]!;
  }
  const effects = `${q} random effect${q === 1 ? "" : "s"} (${spec.random})`;
  const needed = spec.diagonal ? q + 1 : (q * (q + 1)) / 2 + 1;
  const advice = "Use fewer random effects, or none (random: 0).";
  if (persons === 0)
    return [
      `Nobody has more than ${most} session${most === 1 ? "" : "s"}, too few to tell ${effects} from residual variation. ${advice}`,
    ];
  if (persons >= needed) return [];
  return [
    `Only ${persons} of ${moments.nPersons} people have more than ${q} session${q === 1 ? "" : "s"}, and the ${needed} variances and covariances of ${effects} rest on them alone. ${advice}`,
  ];
}

/**
 * Whether there are as many different trajectories as classes: people with the same covariates, sessions and scores cannot be
 * told apart, so no more classes than different people can be found.
 * @param moments - the data
 * @param classes - number of classes
 * @returns a warning, or none
 */
export function classWarnings(moments: Moments, classes: number): string[] {
  if (classes === 1) return [];
  if (moments.nPersons < classes)
    return [`${classes} classes are asked of ${moments.nPersons} people. Choose fewer classes.`];
  const distinct = countTrajectories(moments, classes);
  if (distinct >= classes) return [];
  return [
    `The people have only ${distinct} different trajector${distinct === 1 ? "y" : "ies"}, fewer than the ${classes} classes. Choose fewer classes.`,
  ];
}

/** Different (pattern, sums of scores, covariates), counted up to a limit. */
function countTrajectories(moments: Moments, limit: number): number {
  const { nBasis: m, nPersonColumns: c, nMembership: v } = moments;
  const seen = new Set<string>();
  for (let g = 0; g < moments.nPatterns; g++)
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++) {
      const key = [g, moments.yy[i]!, ...moments.by.subarray(i * m, (i + 1) * m)];
      if (c > 1) key.push(...moments.w.subarray(i * c, (i + 1) * c));
      if (v > 1) key.push(...moments.v.subarray(i * v, (i + 1) * v));
      seen.add(key.join());
      if (seen.size >= limit) return seen.size;
    }
  return seen.size;
}
