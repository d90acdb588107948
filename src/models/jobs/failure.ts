import { InputError, type Problem, RunFailure } from "../../core/errors.js";

/** What a task threw, as plain data that can cross threads. */
export type Failure =
  /** The user's mistake (`InputError`). */
  | { readonly kind: "input"; readonly problems: readonly Problem[] }
  /** A named failure (`RunFailure`). */
  | { readonly kind: "run"; readonly code: string; readonly message: string }
  /** Anything else that a task threw. */
  | { readonly kind: "error"; readonly name: string; readonly message: string; readonly stack: string };

/**
 * Turns what a task threw into a message.
 * @param thrown - anything
 * @returns the failure, plain data
 */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Error) {
    // By name, not by class: the task may come from another copy of this package.
    const { name, problems, code } = thrown as Partial<InputError & RunFailure>;
    if (name === "InputError" && Array.isArray(problems)) return { kind: "input", problems };
    if (name === "RunFailure" && typeof code === "string")
      return { kind: "run", code, message: thrown.message };
    return { kind: "error", name: thrown.name, message: thrown.message, stack: thrown.stack ?? "" };
  }
  return { kind: "error", name: "Error", message: String(thrown), stack: "" };
}

/**
 * Turns a failure into the error that `run` rejects with.
 * @param failure - what the task threw
 * @param label - the job's label, named in the message
 * @returns an InputError with the task's problems, or a RunFailure that names the job; the original error,
 *   with the stack it had where it was thrown, is its cause
 */
export function errorOf(failure: Failure, label: string): InputError | RunFailure {
  if (failure.kind === "input") return new InputError(failure.problems);
  if (failure.kind === "run") return new RunFailure(failure.code, `${label}: ${failure.message}`);
  const cause = new Error(failure.message);
  cause.name = failure.name;
  if (failure.stack !== "") cause.stack = failure.stack;
  return new RunFailure("job-failed", `${label} failed: ${failure.message}`, { cause });
}
