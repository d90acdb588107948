import type { Problem } from "../core/errors.js";
import type { FitOptions } from "../models/spec.js";

/** Numbers of random starts, screened and carried to convergence. */
export type Starts = Pick<FitOptions, "startsInitial" | "startsFinal">;

/** How starts are written. */
export const STARTS_FORM = "SCREENED/KEPT with the first the larger, e.g. 100/20";

/**
 * Reads `SCREENED/KEPT`.
 * @param text - e.g. `100/20`; one number N keeps a fifth of N
 * @returns the numbers as written, whether or not they make sense together; undefined when the text is something else
 */
export function parseStarts(text: string): Starts | undefined {
  const match = /^\s*([1-9]\d*)\s*(?:\/\s*([1-9]\d*)\s*)?$/.exec(text);
  if (match === null) return undefined;
  const startsInitial = Number(match[1]);
  const startsFinal = match[2] === undefined ? Math.max(1, Math.round(startsInitial / 5)) : Number(match[2]);
  return { startsInitial, startsFinal };
}

/**
 * Says what is wrong with numbers of starts: more cannot be kept than are screened.
 * @param starts - from {@link parseStarts}
 * @returns the problem, or undefined
 */
export function startsProblem({ startsInitial, startsFinal }: Starts): Problem | undefined {
  if (startsFinal <= startsInitial) return undefined;
  return {
    code: "bad-starts",
    message: `${startsFinal} starts cannot be kept out of ${startsInitial}.`,
    expected: STARTS_FORM,
  };
}
