import { seconds } from "../measure.js";
import { measuredOn, table } from "./markdown.js";
import type { ScalingLaw, ScalingResults, ScalingSeries } from "./scalingTypes.js";

/**
 * The scaling laws as a table: times at the smallest and largest size, exponents and figures to reach.
 * @param results - of a run of `npm run bench:scaling`
 * @returns Markdown
 */
export function scalingTable(results: ScalingResults): string {
  const rows = results.laws.flatMap((law) =>
    law.series.map((series, s) => [
      s === 0 ? `**${law.title}**: ${law.held}` : "",
      series.name,
      series.points
        .map(({ x, seconds: taken }) => `${x.toLocaleString("en-GB")}: ${seconds(taken.median)}`)
        .join(", "),
      lawInWords(law, series),
    ]),
  );
  const reduced = results.scale === 1 ? "" : ` Sizes are ${results.scale} of the full ones: a trial run.`;
  const picture =
    "![Time against people, sessions per person, starts and worker threads](images/scaling.svg)";
  return `${picture}\n\n${measuredOn(results)}${reduced}\n\n${table(["law", "curve", "median times", "exponent or speed-up"], rows)}`;
}

/**
 * What a curve says.
 * @param law - the law
 * @param series - one of its curves
 * @returns the exponent with its standard error and figure to reach; for workers the speed-up of two over one
 */
export function lawInWords(law: ScalingLaw, { points, power, target, met }: ScalingSeries): string {
  if (law.name === "workers") {
    const at = (workers: number): number | undefined => points.find(({ x }) => x === workers)?.seconds.median;
    const [one, two] = [at(1), at(2)];
    return one === undefined || two === undefined ? "" : `2 workers ${(one / two).toFixed(2)} x as fast as 1`;
  }
  if (power === null) return "";
  const exponent = `${power.exponent.toFixed(2)} (± ${power.standardError.toFixed(2)})`;
  if (target === null) return exponent;
  const [lowest, highest] = target;
  const aim = lowest === 0 ? `at most ${highest}` : `${lowest} to ${highest}`;
  return `${exponent}; to reach ${aim}: ${met ? "met" : "**missed**"}`;
}
