import type { Machine, Timing } from "../../benchmarks/measure.js";
import { summarise } from "../../benchmarks/measure.js";
import type { CaseResult, Results } from "../../benchmarks/suite/types.js";

export const MACHINE: Machine = {
  cpu: "Test processor",
  cores: 2,
  memoryGb: 8,
  loadAverage: 0,
  coresBusy: 0,
  node: "v20.19.0",
  platform: "linux x64",
  r: null,
  compiler: null,
  commit: "abc1234",
  dirty: false,
};

/** Runs whose logarithms lie symmetrically about that of the median, `spread` apart. */
export function runsAround(median: number, spread: number, count = 9): Timing {
  const runs = Array.from({ length: count }, (_, i) => median * Math.exp(spread * (i - (count - 1) / 2)));
  return summarise(runs);
}

export function caseOf(
  name: string,
  timings: Readonly<Record<string, Timing>>,
  more: Partial<CaseResult> = {},
): CaseResult {
  return {
    name,
    title: `Title of ${name}`,
    group: "quick",
    timed: "everything",
    persons: 100,
    rows: 700,
    logLikelihood: -1,
    checked: "against itself",
    measures: Object.entries(timings).map(([measure, seconds]) => ({ name: measure, seconds })),
    peers: [],
    targets: [],
    ...more,
  };
}

export function resultsOf(cases: readonly CaseResult[], machine: Partial<Machine> = {}): Results {
  return { date: "2026-01-02T03:04:05.000Z", machine: { ...MACHINE, ...machine }, cases, failed: [] };
}
