/**
 * Values of rows; where the rows are all there are, in order, the values themselves: as a rule nothing is set aside and files are in
 * order, and a copy of millions of numbers costs ten times as much as the look whether one is needed.
 * @param values - one per row
 * @param rows - the rows wanted
 * @returns one value per entry of `rows`; not to be written to
 */
export function takeAll(values: Float64Array, rows: Int32Array): Float64Array {
  const n = rows.length;
  let r = 0;
  if (n === values.length) while (r < n && rows[r] === r) r++;
  if (r === n && n === values.length) return values;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) out[i] = values[rows[i]!]!;
  return out;
}
