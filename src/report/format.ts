/** Shown where a number does not exist. */
export const MISSING = "–";

const MINUS = "\u2212";

/**
 * Formats a number with fixed decimals, a true minus sign and thousands separators.
 * @param value - the number; null, undefined and NaN give {@link MISSING}
 * @param digits - decimals, default 2
 * @returns e.g. `−1,234.50`; `∞` for infinity; never `−0.00`
 */
export function formatNumber(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(3).replace("-", MINUS);
  const [whole, fraction] = size.toFixed(digits).split(".") as [string, string | undefined];
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  const isZero = Number(size.toFixed(digits)) === 0;
  return value < 0 && !isZero ? `${MINUS}${text}` : text;
}

/**
 * Formats a number with enough decimals to keep a given number of significant digits, for estimates
 * whose size is not known beforehand (a slope of 0.0012 beside an intercept of 18).
 * @param value - the number
 * @param significant - significant digits to keep, default 3
 * @returns the text; at least 2 decimals below 100, at most 6
 */
export function formatEstimate(value: number | null | undefined, significant = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return formatNumber(value);
  const size = Math.abs(value);
  if (size === 0) return "0.00";
  if (size < 1e-6) return value.toExponential(1).replaceAll("-", MINUS);
  const digits = Math.max(2, Math.min(6, significant - 1 - Math.floor(Math.log10(size))));
  return formatNumber(value, size >= 1000 ? 1 : digits);
}

/**
 * Formats a whole number of persons or rows.
 * @param value - the count
 * @returns e.g. `12,345`
 */
export function formatCount(value: number | null | undefined): string {
  return formatNumber(value, 0);
}

/**
 * Formats a quantity that cannot exceed 1 (entropy, probability) without a leading zero, as APA style asks.
 * @param value - a number from −1 to 1
 * @param digits - decimals, default 2
 * @returns e.g. `.87`; `1.00` keeps its digit
 */
export function formatProportion(value: number | null | undefined, digits = 2): string {
  return formatNumber(value, digits).replace(/^(\u2212?)0\./, "$1.");
}

/**
 * Formats a share as a percentage; shares that would round to 0% or 100% without being it keep a decimal or a bound.
 * @param share - a proportion from 0 to 1
 * @param digits - decimals, default 0
 * @returns e.g. `31%`, `< 1%`
 */
export function formatPercent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return MISSING;
  const step = 10 ** -digits;
  const text = formatNumber(share * 100, digits);
  if (share > 0 && Number((share * 100).toFixed(digits)) === 0) return `< ${formatNumber(step, digits)}%`;
  if (share < 1 && Number((share * 100).toFixed(digits)) >= 100)
    return `> ${formatNumber(100 - step, digits)}%`;
  return `${text}%`;
}

/**
 * Formats a p-value as APA style asks: exact to three decimals, no leading zero, `< .001` below that.
 * @param p - the p-value
 * @returns e.g. `.034`, `< .001`
 */
export function formatP(p: number | null | undefined): string {
  if (p === null || p === undefined || !Number.isFinite(p)) return MISSING;
  if (p < 0.001) return "< .001";
  if (p > 0.999) return "> .999";
  return p.toFixed(3).replace(/^0/, "");
}

/**
 * Formats an interval in square brackets, as APA style asks.
 * @param lower - lower limit
 * @param upper - upper limit
 * @param format - how to write each limit, default {@link formatEstimate}
 * @returns e.g. `[−1.20, 3.40]`; {@link MISSING} unless both limits exist
 */
export function formatInterval(
  lower: number | null | undefined,
  upper: number | null | undefined,
  format: (value: number) => string = formatEstimate,
): string {
  if (lower === null || lower === undefined || Number.isNaN(lower)) return MISSING;
  if (upper === null || upper === undefined || Number.isNaN(upper)) return MISSING;
  return `[${format(lower)}, ${format(upper)}]`;
}

/**
 * Formats an odds ratio: two decimals, three below 0.1, bounds where a number would only look exact.
 * @param ratio - the odds ratio, above 0
 * @returns e.g. `1.45`, `0.034`, `> 999`
 */
export function formatOddsRatio(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined || Number.isNaN(ratio)) return MISSING;
  if (ratio > 999) return "> 999";
  if (ratio < 0.001) return "< 0.001";
  if (ratio >= 100) return ratio.toFixed(0);
  if (ratio >= 10) return ratio.toFixed(1);
  return ratio.toFixed(ratio < 0.0995 ? 3 : 2);
}

/**
 * Formats a duration.
 * @param seconds - elapsed seconds
 * @returns e.g. `0.4 s`, `2 min 5 s`
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return MISSING;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Joins words as English does.
 * @param words - the words
 * @param last - the word before the last item, default `and`
 * @returns e.g. `a, b and c`
 */
export function joinWords(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/**
 * Writes small whole numbers as words, as running text asks.
 * @param n - the number
 * @returns `one` … `nine`, digits from 10 on
 */
export function numberWord(n: number): string {
  const words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  return words[n] ?? formatCount(n);
}

/**
 * Chooses the singular or plural of a noun and puts the count before it.
 * @param n - the count
 * @param one - singular
 * @param many - plural, default singular + `s`
 * @returns e.g. `1 person`, `1,234 people`
 */
export function plural(n: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

/**
 * Escapes text for use in HTML content and in double-quoted or single-quoted attributes.
 * @param text - any text
 * @returns text safe to place in HTML; control characters that HTML forbids become a replacement character
 */
export function escapeHtml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly what must not reach the page
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;")
  );
}

/**
 * Makes a name safe as a file name on every system.
 * @param name - any text
 * @returns lower-case letters, digits and hyphens, at most 60 characters; `item` when nothing is left
 */
export function fileStem(name: string): string {
  const stem = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
  return stem === "" ? "item" : stem;
}

/**
 * Odds, without the digits that mean nothing when a class is told apart almost perfectly.
 * @param value - odds, at least 0
 * @returns one decimal, or `> 9,999`
 */
export function formatOdds(value: number): string {
  return value > 9999 ? "> 9,999" : formatNumber(value, 1);
}

/**
 * Writes the statistic of a Wald test with its degrees of freedom.
 * @param test - distribution, statistic and degrees of freedom
 * @returns e.g. `χ²(2) = 10.31` or `F(1, 48.2) = 5.03`; a dash where there is none
 */
export function statisticText(test: {
  readonly distribution: "chi-square" | "F";
  readonly statistic: number | null;
  readonly df: number;
  readonly denominatorDf: number | null;
}): string {
  if (test.statistic === null) return MISSING;
  const name =
    test.distribution === "F" ? `F(${test.df}, ${formatNumber(test.denominatorDf, 1)})` : `χ²(${test.df})`;
  return `${name} = ${formatNumber(test.statistic, 2)}`;
}
