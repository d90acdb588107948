/**
 * Advance widths of the characters from space to `~` in thousandths of the font size, for Arial and the
 * fonts made to its measure (Arimo, Liberation Sans, Helvetica), regular and bold. Read from Arimo's `hmtx` table.
 */
const REGULAR =
  "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
    .split(" ")
    .map(Number);
const BOLD =
  "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
    .split(" ")
    .map(Number);

/**
 * Width of a line of text in an Arial-metric font. Needed because labels are placed without a canvas to measure on.
 * @param text - one line
 * @param size - font size in pixels
 * @param bold - bold weight
 * @returns the width in pixels; characters beyond ASCII count as a digit, ideographs as a full square
 */
export function textWidth(text: string, size: number, bold = false): number {
  const table = bold ? BOLD : REGULAR;
  let sum = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    sum += table[code - 32] ?? (code >= 0x2e80 ? 1000 : 570);
  }
  return (sum * size) / 1000;
}

/**
 * Shortens text to a width, ending in `…`.
 * @param text - one line
 * @param size - font size in pixels
 * @param width - the width to fit, in pixels
 * @param bold - bold weight
 * @returns the text itself where it fits
 */
export function fitText(text: string, size: number, width: number, bold = false): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (textWidth(line, size, bold) <= width) return line;
  // No line of a figure holds 400 letters, and measuring them one by one would take long.
  const characters = [...line.slice(0, 400)];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size, bold) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}
