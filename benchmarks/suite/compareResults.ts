import { inWords, wasBusy } from "../measure.js";
import { compareTimings, type Difference } from "./noise.js";
import type { CaseResult, Measure, Results } from "./types.js";
import { describeMachine } from "./words.js";

/** One measure in both files. */
export interface ComparedMeasure extends Difference {
  readonly name: string;
  readonly before: Measure;
  readonly after: Measure;
  /** New peak over old, where both have one. */
  readonly memoryRatio: number | null;
}

/** Two result files side by side. */
export interface ComparedResults {
  readonly measures: readonly ComparedMeasure[];
  /** Measures of one file only. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  /** Why the comparison may mislead. */
  readonly cautions: readonly string[];
}

/**
 * Compares two result files measure by measure.
 * @param before - the baseline
 * @param after - the new results
 * @returns what both have, what one lacks, and cautions
 */
export function compareResults(before: Results, after: Results): ComparedResults {
  const old = measuresOf(before);
  const now = measuresOf(after);
  return {
    measures: [...now].flatMap(([name, measure]) => {
      const earlier = old.get(name);
      if (earlier === undefined) return [];
      const memoryRatio =
        earlier.peakMemoryMb === undefined || measure.peakMemoryMb === undefined
          ? null
          : measure.peakMemoryMb / earlier.peakMemoryMb;
      const difference = compareTimings(earlier.seconds, measure.seconds);
      return [{ name, before: earlier, after: measure, memoryRatio, ...difference }];
    }),
    onlyBefore: [...old.keys()].filter((name) => !now.has(name)),
    onlyAfter: [...now.keys()].filter((name) => !old.has(name)),
    cautions: cautions(before, after),
  };
}

function measuresOf(results: Results): Map<string, Measure> {
  const named = ({ name, measures }: CaseResult) =>
    measures.map((measure): [string, Measure] => [`${name}: ${measure.name}`, measure]);
  return new Map(results.cases.flatMap(named));
}

function cautions(before: Results, after: Results): string[] {
  const [a, b] = [before.machine, after.machine];
  const out: string[] = [];
  if (a.cpu !== b.cpu || a.cores !== b.cores || a.node !== b.node)
    out.push(
      `Measured on different machines or versions of Node (${describeMachine(a)}; ${describeMachine(b)}).`,
    );
  for (const [words, where] of [
    ["The baseline", a],
    ["The new file", b],
  ] as const)
    if (wasBusy(where))
      out.push(
        `${words} was measured on a busy machine (${where.coresBusy} cores in use by others, load average ${where.loadAverage}).`,
      );
  for (const { name, why } of after.failed) out.push(`${name} failed: ${why}`);
  return out;
}

/**
 * The comparison as text.
 * @param compared - of {@link compareResults}
 * @returns a table and the cautions
 */
export function comparisonText(compared: ComparedResults): string {
  const rows = compared.measures.map(({ name, before, after, ratio, band, verdict, memoryRatio }) => [
    name,
    inWords(before.seconds),
    inWords(after.seconds),
    `x ${ratio.toFixed(2)}`,
    `x ${(1 / band).toFixed(2)} to ${band.toFixed(2)}`,
    verdict === "same" ? "within noise" : verdict.toUpperCase(),
    memoryRatio === null ? "" : `memory x ${memoryRatio.toFixed(2)}`,
  ]);
  const head = ["measure", "baseline", "new", "change", "noise", "verdict", ""];
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, c) => cell.padEnd(widths[c]!))
      .join("  ")
      .trimEnd();
  return [
    ...[head, ...rows].map(line),
    ...compared.onlyBefore.map((name) => `only in the baseline: ${name}`),
    ...compared.onlyAfter.map((name) => `only in the new file: ${name}`),
    ...compared.cautions.map((caution) => `Caution: ${caution}`),
  ].join("\n");
}
