import { independentStarts, REPLICATION_TOLERANCE } from "./maxima.js";
import type { StartOutcome } from "./startTasks.js";
import type { KnownSmaller } from "./types.js";

/**
 * Puts starts in order: not refused before refused, then by log-likelihood, then by index.
 * @param starts - starts, screened or converged
 * @returns those whose log-likelihood is finite, best first
 */
export function ranked(starts: readonly StartOutcome[]): StartOutcome[] {
  return starts
    .map((start, index) => ({ start, index }))
    .filter(({ start }) => Number.isFinite(start.logLikelihood))
    .sort(
      (a, b) =>
        Number(isRefused(a.start)) - Number(isRefused(b.start)) ||
        b.start.logLikelihood - a.start.logLikelihood ||
        a.index - b.index,
    )
    .map(({ start }) => start);
}

/** Beyond the bound on variances; an exact fit is what the data ask for. */
function isRefused(start: StartOutcome): boolean {
  return start.degenerate && !start.exact;
}

/**
 * Picks the starts to carry to convergence. Half are the best of every kind in turn, the best split among them; half are spread evenly over
 * the ranks of the others: a few steps do not tell how far a start will get (a small class takes long to grow, and the quickest way up often
 * leads to a lower maximum).
 * @param screened - the screened starts of one model
 * @param nFinal - how many; one more where the best split is not among them
 * @returns the finalists, best of each part first
 */
export function finalistsOf(screened: readonly StartOutcome[], nFinal: number): StartOutcome[] {
  const order = ranked(screened);
  const sound = order.filter((start) => !start.degenerate);
  const leading = kindsInTurn(sound).slice(0, Math.ceil(nFinal / 2));
  const others = sound.filter((start) => !leading.includes(start));
  const spread = evenlySpaced(others, Math.min(nFinal - leading.length, others.length));
  const finalists = [...leading, ...spread, ...order.filter((start) => start.degenerate)].slice(0, nFinal);
  const bestSplit = order.find((start) => start.fromSplit);
  return bestSplit === undefined || finalists.includes(bestSplit) ? finalists : [...finalists, bestSplit];
}

/** The first of each kind, then the second of each, and so on; the kinds in the order of their first. */
function kindsInTurn(starts: readonly StartOutcome[]): StartOutcome[] {
  const kinds = new Map<number, StartOutcome[]>();
  for (const start of starts) {
    const kind = kinds.get(start.kind);
    if (kind === undefined) kinds.set(start.kind, [start]);
    else kind.push(start);
  }
  const longest = Math.max(0, ...[...kinds.values()].map((kind) => kind.length));
  return Array.from({ length: longest }, (_, i) => i).flatMap((i) =>
    [...kinds.values()].flatMap((kind) => kind.slice(i, i + 1)),
  );
}

/** Entries at even distances. */
function evenlySpaced<Entry>(entries: readonly Entry[], n: number): Entry[] {
  return Array.from({ length: n }, (_, i) => entries[Math.floor(((i + 0.5) * entries.length) / n)]!);
}

/**
 * Counts the independent finalists that reached a value.
 * @param finalists - converged starts
 * @param best - log-likelihood, internal scale
 * @returns how many came within the replication tolerance of it, those with an unbounded likelihood left out
 */
export function replications(finalists: readonly StartOutcome[], best: number): number {
  return independentStarts(
    finalists.filter((start) => !start.degenerate && start.logLikelihood > best - REPLICATION_TOLERANCE),
  );
}

/**
 * Whether a log-likelihood is below that of the model with one class fewer, which can never be of a maximum.
 * @param logLikelihood - internal scale
 * @param smaller - the model with one class fewer, where it is known
 * @returns true where it is below by more than the replication tolerance
 */
export function isBelowSmaller(logLikelihood: number, smaller: KnownSmaller | undefined): boolean {
  const known = smaller?.logLikelihood ?? null;
  return known !== null && logLikelihood < known - REPLICATION_TOLERANCE;
}

/**
 * The log-likelihood of a start, where it means something.
 * @param start - a converged start
 * @returns internal scale; null where the likelihood is unbounded
 */
export function soundLogLikelihood(start: StartOutcome): number | null {
  return start.degenerate ? null : start.logLikelihood;
}
