/**
 * Hubert and Arabie's adjusted Rand index of two classifications: 1 when they are the same but for labels, about 0 when they agree no
 * more than chance would have it.
 * @param a - class of each person, any whole numbers
 * @param b - class of each person in the other classification, same length
 * @returns the index; 1 where both put everybody into one class or everybody apart
 * Source: Hubert & Arabie (1985), equation 5.
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const first = new Map<number, number>();
  const second = new Map<number, number>();
  const both = new Map<string, number>();
  for (let i = 0; i < a.length; i++) {
    count(first, a[i]!);
    count(second, b[i]!);
    count(both, `${a[i]}/${b[i]}`);
  }
  const inFirst = pairsWithin(first);
  const inSecond = pairsWithin(second);
  const chance = a.length < 2 ? 0 : (inFirst * inSecond) / pairs(a.length);
  const possible = (inFirst + inSecond) / 2 - chance;
  return possible === 0 ? 1 : (pairsWithin(both) - chance) / possible;
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function pairs(n: number): number {
  return (n * (n - 1)) / 2;
}

function pairsWithin(counts: ReadonlyMap<unknown, number>): number {
  let sum = 0;
  for (const n of counts.values()) sum += pairs(n);
  return sum;
}

/**
 * The one-to-one assignment of rows to columns with the smallest total cost.
 * @param cost - K x K, finite; cost[row][column]
 * @returns K: the column of each row
 * Source: Kuhn (1955), in the form with shortest augmenting paths of Jonker & Volgenant (1987).
 */
export function cheapestAssignment(cost: readonly (readonly number[])[]): number[] {
  const n = cost.length;
  const rowOf = new Int32Array(n + 1).fill(-1);
  const rowPrice = new Float64Array(n);
  const columnPrice = new Float64Array(n + 1);
  for (let row = 0; row < n; row++) {
    // Column n stands for "not assigned yet": the path of exchanges begins there.
    const shortest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(n).fill(n);
    const done = new Uint8Array(n + 1);
    rowOf[n] = row;
    let column = n;
    while (rowOf[column] !== -1) {
      done[column] = 1;
      const from = rowOf[column]!;
      let step = Number.POSITIVE_INFINITY;
      let next = n;
      for (let j = 0; j < n; j++) {
        if (done[j] === 1) continue;
        const reduced = cost[from]![j]! - rowPrice[from]! - columnPrice[j]!;
        if (reduced < shortest[j]!) {
          shortest[j] = reduced;
          before[j] = column;
        }
        if (shortest[j]! < step) {
          step = shortest[j]!;
          next = j;
        }
      }
      for (let j = 0; j <= n; j++) {
        if (done[j] === 1) {
          rowPrice[rowOf[j]!]! += step;
          columnPrice[j]! -= step;
        } else if (j < n) shortest[j]! -= step;
      }
      column = next;
    }
    for (; column !== n; column = before[column]!) rowOf[column] = rowOf[before[column]!]!;
  }
  const columnOf = new Array<number>(n).fill(0);
  for (let j = 0; j < n; j++) columnOf[rowOf[j]!] = j;
  return columnOf;
}
