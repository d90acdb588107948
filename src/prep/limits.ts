import type { RowAccount } from "./account.js";
import type { Scores } from "./scores.js";
import type { PrepSpec } from "./types.js";

/**
 * Settles several rows of one person in one slot (day, or session number) as the specification says. With
 * `first` and `last` a measure missing from the row that is kept is taken from the nearest of the others that has
 * it; with `mean` each measure is averaged over the rows that have it. Scores of kept rows are changed in place.
 * @param spec - the preparation
 * @param rows - rows in use, groups together, each in order
 * @param groupOf - group of each row
 * @param slot - slot of each row
 * @param scores - the measures
 * @param account - receives the rows that are set aside
 * @returns the rows still in use, and notes
 */
export function settleDuplicates(
  spec: PrepSpec,
  rows: Int32Array,
  groupOf: Int32Array,
  slot: Float64Array,
  scores: readonly Scores[],
  account: RowAccount,
): { readonly rows: Int32Array; readonly notes: readonly string[] } {
  const { duplicates } = spec;
  const column = spec.time.column ?? "";
  const reason = account.reason(
    duplicates === "mean" ? "duplicate-averaged" : "duplicate-time",
    {
      first: "Another row of the person at the same time comes first.",
      last: "Another row of the person at the same time comes later.",
      mean: "Averaged into another row of the person at the same time.",
      "set-aside": "The person has several rows at the same time.",
    }[duplicates],
  );
  let filled = 0;
  let any = false;
  for (let begin = 0, end = 0; begin < rows.length; begin = end) {
    const group = groupOf[rows[begin]!];
    const own = slot[rows[begin]!];
    for (end = begin + 1; end < rows.length; end++)
      if (slot[rows[end]!] !== own || groupOf[rows[end]!] !== group) break;
    if (end - begin === 1) continue;
    any = true;
    const same = [...rows.subarray(begin, end)];
    if (duplicates === "last") same.reverse();
    const [kept, ...others] = same;
    if (duplicates === "set-aside") account.setAside(kept!, reason, column);
    for (const r of others) account.setAside(r, reason, column);
    if (duplicates === "mean") averageInto(kept!, same, scores);
    else if (duplicates !== "set-aside") filled += fillFrom(kept!, others, scores);
  }
  if (!any) return { rows, notes: [] };
  const notes =
    filled === 0
      ? []
      : [
          `Scores missing from the row that is kept, and taken from another row of the same person and time: ${filled}.`,
        ];
  return { rows: account.keepInUse(rows), notes };
}

function averageInto(kept: number, same: readonly number[], scores: readonly Scores[]): void {
  for (const { values, prorated } of scores) {
    const valid = same.filter((r) => !Number.isNaN(values[r]!));
    if (valid.length === 0) continue;
    values[kept] = valid.reduce((sum, r) => sum + values[r]!, 0) / valid.length;
    if (prorated) prorated[kept] = Math.max(...valid.map((r) => prorated[r]!));
  }
}

function fillFrom(kept: number, others: readonly number[], scores: readonly Scores[]): number {
  let filled = 0;
  for (const { values, prorated } of scores) {
    if (!Number.isNaN(values[kept]!)) continue;
    const from = others.find((r) => !Number.isNaN(values[r]!));
    if (from === undefined) continue;
    values[kept] = values[from]!;
    if (prorated) prorated[kept] = prorated[from]!;
    filled++;
  }
  return filled;
}

/**
 * Sets aside sessions after the last wanted one, times after the latest wanted one, and then persons with too
 * few sessions left.
 * @param spec - the preparation
 * @param rows - rows in use, groups together, each in order
 * @param times - time of each entry of `rows`
 * @param groupOf - group of each row
 * @param account - receives the rows that are set aside
 * @returns the rows still in use and their times
 */
export function applyLimits(
  spec: PrepSpec,
  rows: Int32Array,
  times: Float64Array,
  groupOf: Int32Array,
  account: RowAccount,
): { readonly rows: Int32Array; readonly times: Float64Array } {
  const { maximumSession, maximumTime, minimumSessions } = spec;
  const afterSession = account.reason(
    "after-maximum-session",
    `The session comes after number ${maximumSession}.`,
  );
  const afterTime = account.reason(
    "after-maximum-time",
    `The time is after ${maximumTime} ${spec.time.unit}.`,
  );
  const tooFew = account.reason(
    "too-few-sessions",
    `The person has fewer than ${minimumSessions} sessions left.`,
  );
  if (maximumSession === undefined && maximumTime === undefined && minimumSessions <= 1)
    return { rows, times };
  for (let begin = 0, end = 0; begin < rows.length; begin = end) {
    const group = groupOf[rows[begin]!]!;
    let left = 0;
    for (end = begin; end < rows.length && groupOf[rows[end]!] === group; end++) {
      const r = rows[end]!;
      if (maximumSession !== undefined && end - begin >= maximumSession) account.setAside(r, afterSession);
      else if (maximumTime !== undefined && times[end]! > maximumTime)
        account.setAside(r, afterTime, spec.time.column);
      else left++;
    }
    if (left < minimumSessions) for (let i = begin; i < end; i++) account.setAside(rows[i]!, tooFew);
  }
  return keepInUse(rows, times, account);
}

function keepInUse(
  rows: Int32Array,
  times: Float64Array,
  account: RowAccount,
): { readonly rows: Int32Array; readonly times: Float64Array } {
  const kept = account.keepInUse(rows);
  if (kept === rows) return { rows, times };
  const keptTimes = new Float64Array(kept.length);
  let n = 0;
  for (let i = 0; i < rows.length; i++) if (account.inUse(rows[i]!)) keptTimes[n++] = times[i]!;
  return { rows: kept, times: keptTimes };
}
