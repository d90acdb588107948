import { formatProblem, InputError, RunFailure } from "../core/errors.js";

/** Exit statuses of the command. */
export const EXIT = { done: 0, failed: 1, badInput: 2, cancelled: 130 } as const;

/**
 * Tells whether the caller asked for JSON, before the arguments are parsed (they may be what is wrong).
 * @param argv - the process's arguments
 * @returns true when `--json` is among them
 */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.includes("--json");
}

/**
 * Tells the user of a failure: on standard error in words, and with `--json` also as the one document on
 * standard output.
 * @param error - what was thrown
 * @param options - `json` and `debug` as asked for on the command line
 * @returns the exit status
 */
export function reportFailure(
  error: unknown,
  options: { readonly json: boolean; readonly debug: boolean },
): number {
  const { status, kind, lines } = describeFailure(error);
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (options.debug && error instanceof Error) process.stderr.write(`${error.stack ?? error.message}\n`);
  if (options.json) {
    const problems = error instanceof InputError ? error.problems : undefined;
    const message = error instanceof Error ? error.message : String(error);
    writeJson({ error: { kind, status, message, ...(problems === undefined ? {} : { problems }) } });
  }
  return status;
}

interface Failure {
  readonly status: number;
  readonly kind: string;
  readonly lines: readonly string[];
}

function describeFailure(error: unknown): Failure {
  if (error instanceof InputError) {
    const n = error.problems.length;
    const head = n === 1 ? [] : [`${n} problems with what was given:`];
    const lines = error.problems.map((problem) => `${n === 1 ? "error: " : "  - "}${formatProblem(problem)}`);
    return { status: EXIT.badInput, kind: "bad-input", lines: [...head, ...lines] };
  }
  if (isAbort(error)) return { status: EXIT.cancelled, kind: "cancelled", lines: ["Cancelled."] };
  if (error instanceof RunFailure)
    return { status: EXIT.failed, kind: error.code, lines: [`failed: ${error.message}`] };
  const system = error as NodeJS.ErrnoException;
  if (typeof system?.code === "string" && /^E[A-Z]+$/.test(system.code))
    return { status: EXIT.failed, kind: system.code, lines: [`failed: ${system.message}`] };
  const message = error instanceof Error ? error.message : String(error);
  return {
    status: EXIT.failed,
    kind: "fault",
    lines: [`failed: ${message}`, "This looks like a fault in symtraj itself; --debug shows where it arose."],
  };
}

/**
 * Tells whether an error means that the user cancelled.
 * @param error - what was thrown
 * @returns true for the error of an AbortSignal
 */
export function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && (error.name === "AbortError" || (error as RunFailure).code === "cancelled")
  );
}

/**
 * Writes the one JSON document of a `--json` call to standard output. Numbers that JSON does not know
 * (NaN, infinities) become null; typed arrays become lists.
 * @param value - plain data
 */
export function writeJson(value: unknown): void {
  // On a terminal for the eye; in a pipe as one line, since a fit holds thousands of numbers.
  const indent = process.stdout.isTTY === true ? 2 : undefined;
  process.stdout.write(`${JSON.stringify(value, plainJson, indent)}\n`);
}

function plainJson(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}

/**
 * Runs work that Ctrl-C can cancel: the first one asks it to stop and keep what is finished, the second
 * one ends the process at once.
 * @param work - receives the signal
 * @returns what the work returns
 */
export async function cancellable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.cancelled);
    process.stderr.write("\nStopping; what is finished is kept. Ctrl-C again ends at once.\n");
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
