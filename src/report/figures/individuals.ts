import type { LongTable } from "../../core/table.js";
import type { FitResult } from "../../models/result.js";

/** One person's scores, for a line behind the class means. */
export interface IndividualLine {
  /** Index of the person in the posteriors. */
  readonly person: number;
  /** Modal class, from 1. */
  readonly class: number;
  readonly points: readonly { readonly time: number; readonly score: number }[];
}

/**
 * Draws persons for the lines behind the means: some of each class in proportion to its size, at least a few
 * of every class, spread over the whole file. Deterministic: the same fit and seed give the same persons.
 * @param long - the table the model was fitted to
 * @param fit - the fit, with posteriors
 * @param total - about how many persons, default 120
 * @returns their lines, in order of class; persons without two scores are passed over
 */
export function sampleIndividuals(long: LongTable, fit: FitResult, total = 120): readonly IndividualLine[] {
  const { modalClass, personIds } = fit.posteriors;
  const nPersons = personIds.length;
  const time = long.columns.get(fit.model.time);
  const score = long.columns.get(fit.model.outcome);
  if (nPersons === 0 || time?.kind !== "numeric" || score?.kind !== "numeric") return [];
  const nClasses = Math.max(1, fit.posteriors.nClasses);
  const sizes = new Float64Array(nClasses);
  for (let i = 0; i < nPersons; i++) sizes[modalClass[i]! - 1]!++;
  const quota = Array.from(sizes, (size) =>
    Math.min(size, Math.max(Math.min(8, Math.ceil(total / nClasses)), Math.round((total * size) / nPersons))),
  );
  const chosen = stratifiedPicks(modalClass, nPersons, sizes, quota, fit.seed);
  const wanted = new Map(chosen.map((person) => [personIds[person]!, person]));
  const lines: IndividualLine[] = [];
  for (let p = 0; p < long.nPersons && wanted.size > 0; p++) {
    const person = wanted.get(long.personIds[p]!);
    if (person === undefined) continue;
    const points = [];
    for (let r = long.personStart[p]!; r < long.personStart[p + 1]!; r++) {
      const t = time.values[r]!;
      const y = score.values[r]!;
      if (Number.isFinite(t) && Number.isFinite(y)) points.push({ time: t, score: y });
    }
    if (points.length > 1) lines.push({ person, class: modalClass[person]!, points });
  }
  return lines.sort((a, b) => a.class - b.class || a.person - b.person);
}

/** One random member from each of `quota` equal stretches of every class's members (systematic random sampling). */
function stratifiedPicks(
  modalClass: Int32Array,
  nPersons: number,
  sizes: Float64Array,
  quota: readonly number[],
  seed: number,
): readonly number[] {
  const targets = quota.map((n, k) =>
    Array.from({ length: n }, (_, j) => Math.floor(((j + fraction(seed, k, j)) * sizes[k]!) / n)),
  );
  const seen = new Int32Array(sizes.length);
  const next = new Int32Array(sizes.length);
  const picks: number[] = [];
  for (let i = 0; i < nPersons; i++) {
    const k = modalClass[i]! - 1;
    const target = targets[k]![next[k]!];
    if (target !== undefined && target <= seen[k]!) {
      picks.push(i);
      // Two stretches may round to one member; the second then takes the next.
      next[k]!++;
    }
    seen[k]!++;
  }
  return picks;
}

/** A fixed fraction in [0, 1) for each (seed, class, draw), by the 32-bit finaliser of MurmurHash3 (Appleby 2011). */
function fraction(seed: number, k: number, j: number): number {
  let h = (seed ^ Math.imul(k + 1, 0x9e3779b1) ^ Math.imul(j + 1, 0x85ebca77)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
