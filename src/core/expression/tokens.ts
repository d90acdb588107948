import { InputError } from "../errors.js";
import { at } from "./words.js";

/** A word of an expression. */
export interface Token {
  readonly kind: "number" | "text" | "name" | "symbol" | "end";
  /** As written, with its quotes; empty at the end. */
  readonly text: string;
  /** Position of its first character, from 0. */
  readonly start: number;
}

const WORD = new RegExp(
  [
    String.raw`(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)`,
    String.raw`(?<name>[\p{L}_$][\p{L}\p{M}\p{N}_$]*)`,
    String.raw`(?<text>"(?:[^"\\]|\\(?:["'\\/bfnrt]|u[\da-fA-F]{4}))*"|'(?:[^'\\]|\\(?:["'\\/bfnrt]|u[\da-fA-F]{4}))*')`,
    "(?<symbol>[=!<>]=|[-+*/^%<>=?:(),])",
  ].join("|"),
  "uy",
);

const ESCAPED: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * Splits an expression into words.
 * @param text - the expression
 * @returns its words, then one of kind `end`
 * @throws InputError pointing at a character that no expression has
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const space = /\s*/y;
  let start = 0;
  for (;;) {
    space.lastIndex = start;
    start += space.exec(text)![0].length;
    if (start === text.length) return [...tokens, { kind: "end", text: "", start }];
    WORD.lastIndex = start;
    const found = WORD.exec(text);
    if (found === null) throw strange(text, start, tokens.at(-1));
    const [kind] = Object.entries(found.groups!).find(([, word]) => word !== undefined)!;
    tokens.push({ kind: kind as Token["kind"], text: found[0], start });
    start += found[0].length;
  }
}

/**
 * What stands between the quotes of a word of kind `text`.
 * @param token - the word
 * @returns the text, escapes such as `\"` resolved
 */
export function quotedText({ text }: Token): string {
  return text
    .slice(1, -1)
    .replace(/\\(?:u(.{4})|(.))/g, (_, code: string | undefined, character: string) =>
      code === undefined ? (ESCAPED[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
    );
}

function strange(text: string, start: number, before: Token | undefined): InputError {
  const character = String.fromCodePoint(text.codePointAt(start)!);
  const where = at(text, start);
  if (character === '"' || character === "'")
    return new InputError({
      code: "expression-syntax",
      where,
      message: "The text in quotes has no end, or a backslash that stands for nothing.",
      fix: `Close it with ${character}; write a backslash as \\\\.`,
    });
  if (character === "." && before?.kind === "name" && before.start + before.text.length === start) {
    const [name] = /^[\p{L}\p{M}\p{N}_$.]+/u.exec(text.slice(before.start))!;
    return new InputError({
      code: "expression-unsupported",
      where: at(text, before.start),
      message: `${name} is not a name that can stand in an expression.`,
      fix: `Write column("${name}") for a column of that name.`,
    });
  }
  const message = `The character ${character} has no meaning here.`;
  return new InputError(
    "&|!~".includes(character)
      ? { code: "expression-syntax", where, message, fix: "Write and, or, not in words (not &&, ||, !)." }
      : { code: "expression-unsupported", where, message },
  );
}
