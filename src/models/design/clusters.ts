import { InputError } from "../../core/errors.js";
import type { LongTable } from "../../core/table.js";

/** Below this many clusters, cluster-robust standard errors tend to be too small (Cameron & Miller 2015, section VI). */
export const FEW_CLUSTERS = 40;

/**
 * The cluster of each person (their service, therapist, ...), from a column that is constant within persons.
 * @param table - long table
 * @param name - an existing column, numbers or text
 * @returns nPersons codes, equal for people of one cluster; -1 where all of a person's rows lack it
 * @throws InputError naming a person whose rows lie in several clusters
 */
export function clusterCodes(table: LongTable, name: string): Int32Array {
  const column = table.columns.get(name);
  if (column === undefined) throw new RangeError(`clusterCodes: there is no column ${name}`);
  const codeOf = new Map<number, number>();
  const out = new Int32Array(table.nPersons).fill(-1);
  const mixed: string[] = [];
  for (let i = 0; i < table.nPersons; i++) {
    let own = Number.NaN;
    let differs = false;
    for (let r = table.personStart[i]!; r < table.personStart[i + 1]!; r++) {
      const value = column.kind === "numeric" ? column.values[r]! : column.codes[r]!;
      if (!Number.isFinite(value) || (column.kind === "factor" && value < 0)) continue;
      if (Number.isNaN(own)) own = value;
      else if (own !== value) differs = true;
    }
    if (differs) mixed.push(table.personIds[i]!);
    if (Number.isNaN(own)) continue;
    if (!codeOf.has(own)) codeOf.set(own, codeOf.size);
    out[i] = codeOf.get(own)!;
  }
  if (mixed.length > 0) throw severalClusters(name, mixed);
  return out;
}

function severalClusters(name: string, persons: readonly string[]): InputError {
  const [first] = persons;
  const others = persons.length - 1;
  return new InputError({
    code: "several-clusters",
    where: `cluster: column "${name}"`,
    message: `${others === 0 ? `Person ${first} has` : `Person ${first} and ${others} more have`} rows in several clusters.`,
    expected: "one cluster for all rows of a person",
    fix: "Make a column with the cluster each person belongs to, e.g. that of the first session.",
  });
}

/**
 * Clusters of the people that a model uses, numbered without gaps.
 * @param table - long table
 * @param name - the column; undefined: each person is on their own
 * @param persons - indices in the long table of the people used, in the order wanted
 * @returns one number from 0 per person, in order of first appearance; null without clusters
 * @throws InputError as {@link clusterCodes}
 */
export function clustersOfPersons(
  table: LongTable,
  name: string | undefined,
  persons: Int32Array,
): Int32Array | null {
  if (name === undefined) return null;
  const codes = clusterCodes(table, name);
  const numberOf = new Map<number, number>();
  const out = new Int32Array(persons.length);
  for (let position = 0; position < persons.length; position++) {
    const code = codes[persons[position]!]!;
    if (!numberOf.has(code)) numberOf.set(code, numberOf.size);
    out[position] = numberOf.get(code)!;
  }
  return out;
}

/**
 * Number of clusters.
 * @param clusters - from {@link clustersOfPersons}
 * @returns how many
 */
export function countClusters(clusters: Int32Array): number {
  let largest = -1;
  for (let i = 0; i < clusters.length; i++) if (clusters[i]! > largest) largest = clusters[i]!;
  return largest + 1;
}

/**
 * What to say of a small number of clusters.
 * @param name - the column
 * @param count - number of clusters
 * @returns one sentence or none
 * Source: Cameron & Miller (2015, section VI).
 */
export function clusterWarnings(name: string, count: number): readonly string[] {
  if (count === 1)
    return [`Everybody is in one cluster of ${name}, so there are no cluster-robust standard errors.`];
  if (count >= FEW_CLUSTERS) return [];
  return [
    `There are only ${count} clusters of ${name}: with fewer than about ${FEW_CLUSTERS}, cluster-robust standard errors tend to be too small.`,
  ];
}
