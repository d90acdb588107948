import { didYouMean, InputError, type Problem } from "../core/errors.js";
import { RESIDUAL_STRUCTURES, type ResidualStructure, readResidualStructure } from "../models/residuals.js";
import type { FitOptions, ModelSpecInput } from "../models/spec.js";
import { parseStarts, STARTS_FORM, type Starts, startsProblem } from "../study/starts.js";
import { MAX_WORKERS } from "../workers/limits.js";
import type { RawOptions } from "./declare.js";

/**
 * Reads options and collects every mistake, so that all of them are reported at once.
 */
export class OptionReader {
  readonly problems: Problem[] = [];
  readonly #raw: RawOptions;

  /** @param raw - options as commander parsed them */
  constructor(raw: RawOptions) {
    this.#raw = raw;
  }

  /** The text of an option, or undefined. */
  text(name: string): string | undefined {
    const value = this.#raw[name];
    return typeof value === "string" ? value : undefined;
  }

  /** The text of an option that must be there; empty text stands in until the problems are thrown. */
  required(name: string, expected: string): string {
    const value = this.text(name);
    if (value !== undefined && value.trim() !== "") return value;
    this.#add(name, "missing-option", `The option ${flagOf(name)} is missing.`, expected);
    return "";
  }

  /** A number within limits. */
  number(name: string, limits: { least?: number; most?: number; whole?: boolean }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole = false } = limits;
    const good =
      value.trim() !== "" && number >= least && number <= most && (!whole || Number.isSafeInteger(number));
    if (good) return number;
    const kind = whole ? "a whole number" : "a number";
    const range =
      most < Number.POSITIVE_INFINITY
        ? ` from ${least} to ${most}`
        : least > Number.NEGATIVE_INFINITY
          ? ` of at least ${least}`
          : "";
    this.#add(name, "bad-option", `The value is "${value}".`, `${kind}${range}`);
    return undefined;
  }

  /** One of some words. */
  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    return this.#word(name, allowed, (value) => allowed.find((word) => word === value));
  }

  /** A residual structure, its words in any order. */
  residual(name: string): ResidualStructure | undefined {
    return this.#word(name, RESIDUAL_STRUCTURES, (value) => readResidualStructure(value) ?? undefined);
  }

  /** Whole numbers separated by commas. */
  wholeNumbers(name: string): readonly number[] | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const numbers = value.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    if (numbers.every((number) => Number.isInteger(number) && number >= 0)) return numbers;
    this.#add(
      name,
      "bad-option",
      `The value is "${value}".`,
      "whole numbers separated by commas, e.g. 2,1,0",
    );
    return undefined;
  }

  /** Whether a switch was given. */
  flag(name: string): boolean {
    return this.#raw[name] === true;
  }

  /** The texts of an option that may be repeated. */
  list(name: string): readonly string[] {
    const value = this.#raw[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** `N` or `FROM-TO`. */
  classRange(name: string): { from: number; to: number } | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const match = /^\s*(\d+)\s*(?:(?:-|to)\s*(\d+)\s*)?$/.exec(value);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match !== null && from >= 1 && to >= from && to <= 50) return { from, to };
    this.#add(
      name,
      "bad-option",
      `The value is "${value}".`,
      "a number or a range such as 1-5, from 1 to 50",
    );
    return undefined;
  }

  /** `SCREENED/KEPT`, e.g. `100/20`; one number keeps a fifth. */
  starts(name: string): Starts | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const starts = parseStarts(value);
    if (starts === undefined) {
      this.#add(name, "bad-option", `The value is "${value}".`, STARTS_FORM);
      return undefined;
    }
    const problem = startsProblem(starts);
    if (problem !== undefined) this.problems.push({ ...problem, where: flagOf(name) });
    return starts;
  }

  /** Throws what was collected, if anything. */
  check(): void {
    if (this.problems.length > 0) throw new InputError(this.problems);
  }

  /** One of some words, as `find` reads it. */
  #word<T extends string>(
    name: string,
    allowed: readonly T[],
    find: (value: string) => T | undefined,
  ): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = find(value);
    if (found === undefined)
      this.#add(
        name,
        "bad-option",
        `The value is "${value}".`,
        `one of ${allowed.join(", ")}`,
        didYouMean(value, allowed),
      );
    return found;
  }

  #add(
    name: string,
    code: string,
    message: string,
    expected: string,
    advice: Pick<Problem, "fix"> = {},
  ): void {
    this.problems.push({ code, message, where: flagOf(name), expected, ...advice });
  }
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Reads the options of `addModelOptions` and `--reml`.
 * @param read - the options; problems are kept in it
 * @param outcome - column of the score
 * @param time - column of time
 * @returns the model, save its random part and its number of classes
 */
export function readModelOptions(
  read: OptionReader,
  outcome: string,
  time: string,
): Omit<ModelSpecInput, "classes" | "random"> {
  const fixed = read.text("fixed");
  const classSpecific = read.text("classSpecific");
  const membership = read.text("membership");
  const residual = read.residual("residual");
  const occasion = read.text("occasion");
  const cluster = read.text("cluster");
  const covariance = read.choice("covariance", ["equal", "proportional", "free"] as const);
  return {
    outcome,
    time,
    ...(fixed === undefined ? {} : { fixed }),
    ...(classSpecific === undefined ? {} : { classSpecific }),
    ...(membership === undefined ? {} : { membership }),
    ...(residual === undefined ? {} : { residual }),
    ...(occasion === undefined ? {} : { occasion }),
    ...(covariance === undefined ? {} : { covariance }),
    ...(cluster === undefined ? {} : { cluster }),
    diagonal: read.flag("diagonal"),
    reml: read.flag("reml"),
  };
}

/**
 * Reads `--starts` and `--seed`.
 * @param read - the options; problems are kept in it
 * @returns what was given of them
 */
export function readFitOptions(read: OptionReader): Partial<FitOptions> {
  const seed = read.number("seed", { whole: true });
  return { ...read.starts("starts"), ...(seed === undefined ? {} : { seed }) };
}

/**
 * Reads `--workers`.
 * @param read - the options; problems are kept in it
 * @returns the number of workers, undefined without the option
 */
export function readWorkers(read: OptionReader): number | undefined {
  return read.number("workers", { whole: true, least: 0, most: MAX_WORKERS });
}
