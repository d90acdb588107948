/**
 * Moves labels apart along a line with the least total (squared) shift, keeping their order.
 * @param wanted - where each label would like to be
 * @param gap - least distance between neighbours
 * @param low - lowest allowed place
 * @param high - highest allowed place
 * @returns the places, in the order of `wanted`; the gap shrinks when the labels cannot all fit
 * Source: isotonic regression by pooling adjacent violators (Ayer et al. 1955) on wanted places less their rank times the gap.
 */
export function spreadLabels(
  wanted: readonly number[],
  gap: number,
  low: number,
  high: number,
): readonly number[] {
  const n = wanted.length;
  if (n === 0) return [];
  const step = n > 1 ? Math.min(gap, (high - low) / (n - 1)) : gap;
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const blocks: { sum: number; size: number }[] = [];
  order.forEach((index, rank) => {
    blocks.push({ sum: wanted[index]! - rank * step, size: 1 });
    while (blocks.length > 1) {
      const last = blocks.at(-1)!;
      const before = blocks.at(-2)!;
      if (before.sum / before.size <= last.sum / last.size) break;
      blocks.splice(-2, 2, { sum: before.sum + last.sum, size: before.size + last.size });
    }
  });
  const places = new Array<number>(n);
  const highest = high - (n - 1) * step;
  let rank = 0;
  for (const block of blocks) {
    const base = Math.min(Math.max(block.sum / block.size, low), Math.max(low, highest));
    for (let i = 0; i < block.size; i++, rank++) places[order[rank]!] = base + rank * step;
  }
  return places;
}
