import { InputError } from "../../core/errors.js";
import { findParameter, type NamedParameter, parameterKey } from "./names.js";
import type { Contrast } from "./types.js";

/**
 * Reads hypotheses written as text: `month@1 - month@2 = 0`, `2 * age + female = 1`, `month@1 = month@2 = month@3`.
 * A sum of parameters, each with a number and `*` before it if wanted, and of numbers; `=` and another sum (default 0);
 * several hypotheses with commas or semicolons between them.
 * @param text - the hypotheses
 * @param parameters - the reported parameters; their keys (see `parameterKey`) are the names that may be used
 * @returns one contrast per hypothesis
 * @throws InputError pointing at what cannot be read
 */
export function parseContrasts(text: string, parameters: readonly NamedParameter[]): Contrast[] {
  const reader = new Reader(text, parameters);
  const contrasts: Contrast[] = [];
  do {
    let left = reader.sum();
    if (!reader.take("=")) contrasts.push(difference(left, { weights: {}, constant: 0 }));
    else
      do {
        const right = reader.sum();
        contrasts.push(difference(left, right));
        left = right;
      } while (reader.take("="));
  } while (reader.take(",") || reader.take(";"));
  if (!reader.atEnd()) throw reader.unreadable();
  return contrasts;
}

/**
 * A contrast in words.
 * @param contrast - the contrast
 * @returns text that {@link parseContrasts} reads back
 */
export function contrastText({ weights, equals = 0 }: Contrast): string {
  const terms = Object.entries(weights).map(([key, weight], i) => {
    const sign = weight < 0 ? "-" : "+";
    const size = Math.abs(weight) === 1 ? key : `${Math.abs(weight)} * ${key}`;
    return i === 0 ? (weight < 0 ? `-${size}` : size) : `${sign} ${size}`;
  });
  return `${terms.join(" ")} = ${equals}`;
}

interface Sum {
  readonly weights: Readonly<Record<string, number>>;
  readonly constant: number;
}

function difference(left: Sum, right: Sum): Contrast {
  const weights: Record<string, number> = { ...left.weights };
  for (const [key, weight] of Object.entries(right.weights)) weights[key] = (weights[key] ?? 0) - weight;
  return { weights, equals: right.constant - left.constant };
}

/** Reads the text from left to right. Names may hold signs and brackets, so the longest known key that fits is taken. */
class Reader {
  private readonly text: string;
  private readonly parameters: readonly NamedParameter[];
  private readonly keys: readonly string[];
  private position = 0;

  constructor(text: string, parameters: readonly NamedParameter[]) {
    this.text = text;
    this.parameters = parameters;
    this.keys = parameters.map(parameterKey).sort((a, b) => b.length - a.length);
  }

  atEnd(): boolean {
    this.skipSpace();
    return this.position === this.text.length;
  }

  /** Whether the next character is this one; it is then passed over. */
  take(character: string): boolean {
    this.skipSpace();
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  sum(): Sum {
    const weights: Record<string, number> = {};
    let constant = 0;
    let sign = this.take("-") ? -1 : 1;
    if (sign === 1) this.take("+");
    for (;;) {
      const { key, factor } = this.term();
      if (key === null) constant += sign * factor;
      else weights[key] = (weights[key] ?? 0) + sign * factor;
      if (this.take("+")) sign = 1;
      else if (this.take("-")) sign = -1;
      else return { weights, constant };
    }
  }

  /** A parameter, a number times a parameter, or a number (key null). */
  private term(): { key: string | null; factor: number } {
    const plain = this.key();
    if (plain !== null) return { key: plain, factor: 1 };
    this.skipSpace();
    const number = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i.exec(this.text.slice(this.position));
    if (number === null) throw this.unreadable();
    this.position += number[0].length;
    const factor = Number(number[0]);
    if (!this.take("*")) return { key: null, factor };
    const key = this.key();
    if (key === null) throw this.unreadable();
    return { key, factor };
  }

  /** The longest known key that stands here and ends where a term may end. */
  private key(): string | null {
    this.skipSpace();
    for (const key of this.keys) {
      const end = this.endOf(key);
      if (end === null || !/^\s*($|[-+=,;])/.test(this.text.slice(end))) continue;
      this.position = end;
      return key;
    }
    return null;
  }

  /** Where the key ends if it stands here. Spaces may be added within it; those within a word of its own may not be left out. */
  private endOf(key: string): number | null {
    let at = this.position;
    for (const [i, character] of [...key].entries()) {
      const space = character === " ";
      if (space && key[i - 1] !== ":" && !/\s/.test(this.text[at] ?? "")) return null;
      while (/\s/.test(this.text[at] ?? "")) at++;
      if (space) continue;
      if (this.text[at] !== character) return null;
      at++;
    }
    return at;
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.position] ?? "")) this.position++;
  }

  unreadable(): InputError {
    const rest = this.text.slice(this.position);
    const where = `hypothesis "${this.text}", character ${this.position + 1}`;
    const word = /^[^\s=,;]+/.exec(rest)?.[0] ?? "";
    const found = word === "" ? null : findParameter(this.parameters, word, where);
    if (found !== null && typeof found !== "number") return new InputError(found);
    return new InputError({
      code: "contrast-syntax",
      where,
      message: rest === "" ? "A parameter or a number is missing." : `"${rest}" cannot be read.`,
      expected: "sums of parameters and numbers with = between them, such as month@1 - month@2 = 0",
    });
  }
}
