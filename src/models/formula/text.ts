import { InputError } from "../../core/errors.js";

/** A piece of a formula and where it stands in the whole. */
export interface Piece {
  readonly whole: string;
  readonly text: string;
  readonly offset: number;
}

/**
 * A mistake in a formula, pointing at the piece.
 * @param piece - what cannot be read
 * @param message - what is wrong
 * @param expected - what would do
 * @returns the error, to be thrown
 */
export function syntax(piece: Piece, message: string, expected: string): InputError {
  const text = piece.text.trim();
  return new InputError({
    code: "formula-syntax",
    where: `formula "${piece.whole}"${text === "" ? "" : `, at "${text}"`} (character ${piece.offset + 1})`,
    message,
    expected,
  });
}

/**
 * Splits at operators outside brackets and quotes; a sign after ^ or an operator belongs to the number.
 * @param piece - the text
 * @param operators - single characters to split at
 * @returns the parts, each with the operator before it (`+` for the first)
 * @throws InputError for brackets or quotes that do not match
 */
export function splitAt(piece: Piece, operators: string): { sign: string; part: Piece }[] {
  const { text } = piece;
  const out: { sign: string; part: Piece }[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  let sign = "+";
  const push = (end: number): void => {
    out.push({
      sign,
      part: { whole: piece.whole, text: text.slice(start, end), offset: piece.offset + start },
    });
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (depth === 0 && operators.includes(character)) {
      const before = text.slice(start, i).trim();
      if (before === "" && operators.includes("-") && out.length === 0) {
        // A leading sign applies to the first term.
        sign = character;
        start = i + 1;
        continue;
      }
      if (/[\^*:/]$/.test(before) && operators.includes("-")) continue;
      push(i);
      sign = character;
      start = i + 1;
    }
    if (depth < 0) break;
  }
  if (depth !== 0 || quote !== "")
    throw syntax(
      piece,
      depth === 0 ? "A quote is not closed." : "The parentheses do not match.",
      "balanced text",
    );
  push(text.length);
  return out;
}

/**
 * Position of the parenthesis that closes another, quotes aside.
 * @param text - the text
 * @param open - position of the opening one
 * @returns the position; -1 where it is not closed
 */
export function matchingParenthesis(text: string, open: number): number {
  let depth = 0;
  let quote = "";
  for (let i = open; i < text.length; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return i;
  }
  return -1;
}

/**
 * Text without white space, save that between quotes, which belongs to a name or category.
 * @param text - part of a formula
 * @returns its canonical form
 */
export function compact(text: string): string {
  return text.replace(/("[^"]*"|'[^']*')|\s+/g, (_, quoted: string | undefined) => quoted ?? "");
}
