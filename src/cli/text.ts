import type { RowLedger } from "../core/table.js";
import { formatCount, MISSING } from "../report/format.js";

/**
 * Lays out rows as a table in plain text: numbers to the right, words to the left.
 * @param header - column titles
 * @param rows - cells as text
 * @returns lines, indented by two spaces
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const right = header.map((_, c) => rows.every((row) => /^[-+<> ]*[\d.,–]*%?$/.test(row[c]!)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join("  ")}`.trimEnd();
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

const TEXT_WIDTH = 100;

/**
 * Breaks a sentence into lines that a terminal shows whole.
 * @param text - the sentence
 * @param indent - before each line; default two spaces
 * @param first - before the first line; default `indent`
 * @returns the lines
 */
export function wrapped(text: string, indent: string = "  ", first: string = indent): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    if (line.length + word.length > TEXT_WIDTH && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

/**
 * Lists sentences under a heading.
 * @param heading - the heading
 * @param sentences - the sentences
 * @returns lines, an empty one last; nothing where there are no sentences
 */
export function listed(heading: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  return [heading, ...sentences.flatMap((sentence) => wrapped(sentence, "    ", "  - ")), ""];
}

/**
 * Words the account of rows.
 * @param ledger - the account
 * @returns lines, one per reason for setting rows aside after the first
 */
export function ledgerLines({ read, used, setAside }: RowLedger): string[] {
  const aside = setAside.reduce((sum, reason) => sum + reason.rows, 0);
  return [
    `  rows: ${formatCount(read)} read = ${formatCount(used)} used + ${formatCount(aside)} set aside`,
    ...setAside.map((reason) => `    ${formatCount(reason.rows)}: ${reason.description}`),
  ];
}

/**
 * A number with fixed decimals and a plain minus sign, unlike the report's: people paste these numbers into other programs.
 * @param value - the number, or null
 * @param digits - decimals
 * @returns the text; a dash where there is no number
 */
export function fixed(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return MISSING;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/**
 * A number without needless digits, e.g. a time.
 * @param value - the number
 * @returns the text, four significant digits
 */
export function trim(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/**
 * Text with a capital first letter.
 * @param text - the text
 * @returns the text
 */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
