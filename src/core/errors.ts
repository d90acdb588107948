/**
 * One mistake in what the user gave us: what is wrong, where, what was expected and what to do.
 */
export interface Problem {
  /** Stable machine-readable name, e.g. `missing-column`. */
  readonly code: string;
  /** What was wrong, in one sentence. */
  readonly message: string;
  /** Where: a file, row, column, study path or formula position. */
  readonly where?: string;
  /** What was expected instead. */
  readonly expected?: string;
  /** What the user can do about it. */
  readonly fix?: string;
}

/**
 * A caller's mistake (bad data, bad study file, bad option). Carries every problem found, not only the
 * first; the command line prints them without a stack trace and exits with status 2.
 */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  /**
   * @param problems - one or more problems, reported together; a single problem may be given alone
   */
  constructor(problems: readonly Problem[] | Problem) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map(formatProblem).join("\n"));
    this.name = "InputError";
    this.problems = list;
  }
}

/**
 * Work that could not be finished through no mistake of the caller (a worker that keeps dying, a full
 * disk). The command line prints the message and exits with status 1.
 */
export class RunFailure extends Error {
  /** Stable machine-readable name, e.g. `worker-died`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RunFailure";
    this.code = code;
  }
}

/**
 * Formats one problem as a line of text.
 * @param problem - the problem
 * @returns `where: message (expected …). What to do.`
 */
export function formatProblem(problem: Problem): string {
  const where = problem.where === undefined ? "" : `${problem.where}: `;
  const expected = problem.expected === undefined ? "" : ` Expected ${problem.expected}.`;
  const fix = problem.fix === undefined ? "" : ` ${problem.fix}`;
  return `${where}${problem.message}${expected}${fix}`;
}

/**
 * Finds the known name nearest to a misspelt one.
 * @param name - what the user wrote
 * @param known - the names that exist
 * @returns the nearest known name within an edit distance of a third of its length (at least 2, but below its length, so
 *   that at least one character is kept), or undefined
 * Source: Levenshtein (1966) edit distance.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const wanted = name.toLowerCase();
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  const limit = Math.min(Math.max(2, Math.floor(name.length / 3)), name.length - 1);
  return bestDistance <= limit ? best : undefined;
}

/**
 * The advice for a misspelt name, to be spread into a problem.
 * @param name - what the user wrote
 * @param known - the names that exist
 * @returns `fix` with the nearest known name; nothing where none is near
 */
export function didYouMean(name: string, known: Iterable<string>): Pick<Problem, "fix"> {
  const near = nearestName(name, known);
  return near === undefined ? {} : { fix: `Did you mean "${near}"?` };
}

/**
 * Problems for keys that an options object has but nobody reads: a misspelt option must not be ignored.
 * @param input - the object a caller gave
 * @param known - the keys that are read
 * @param where - what the object is, for the message
 * @returns one problem per unknown key, with the nearest known key as a suggestion
 */
export function unknownKeys(input: object, known: readonly string[], where: string): Problem[] {
  return Object.keys(input)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      code: "unknown-key",
      where,
      message: `There is no option "${key}".`,
      expected: `some of ${known.join(", ")}`,
      ...didYouMean(key, known),
    }));
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
