/** y = factor x^exponent. */
export interface PowerLaw {
  readonly exponent: number;
  readonly standardError: number;
  readonly factor: number;
}

/**
 * Fits a power law by least squares on the logarithms.
 * @param xs - above 0, at least two different
 * @param ys - above 0, one for each
 * @returns exponent, its standard error (0 with two points), and factor
 * @throws RangeError when there are fewer than two different xs
 */
export function fitPowerLaw(xs: readonly number[], ys: readonly number[]): PowerLaw {
  const n = xs.length;
  const x = xs.map(Math.log);
  const y = ys.map(Math.log);
  const meanX = x.reduce((sum, value) => sum + value, 0) / n;
  const meanY = y.reduce((sum, value) => sum + value, 0) / n;
  const sxx = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  if (!(sxx > 0)) throw new RangeError("fitPowerLaw: at least two different sizes are needed");
  const exponent = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i]! - meanY), 0) / sxx;
  const residual = y.reduce((sum, value, i) => sum + (value - meanY - exponent * (x[i]! - meanX)) ** 2, 0);
  const standardError = n > 2 ? Math.sqrt(residual / (n - 2) / sxx) : 0;
  return { exponent, standardError, factor: Math.exp(meanY - exponent * meanX) };
}
