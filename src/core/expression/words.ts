/**
 * A position in an expression, for error messages.
 * @param text - the expression
 * @param index - character, from 0
 * @returns words that count characters from 1
 */
export function at(text: string, index: number): string {
  return `expression "${text}", character ${index + 1}`;
}

/**
 * The position of a name in an expression, for error messages.
 * @param text - the expression
 * @param name - a column or function
 * @returns where it first stands; the whole expression where it is not found
 */
export function whereName(text: string, name: string): string {
  const index = text.search(new RegExp(`(?<![\\w.])${name.replace(/[^\w]/g, "\\$&")}(?![\\w.])`));
  return index < 0 ? `expression "${text}"` : at(text, index);
}

/**
 * A list of names, cut short.
 * @param names - the names
 * @param limit - the most to show
 * @returns the names with commas between them
 */
export function listNames(names: Iterable<string>, limit = 12): string {
  const all = [...names];
  return all.length > limit ? `${all.slice(0, limit).join(", ")}, …` : all.join(", ");
}

/**
 * Text with a capital first letter.
 * @param text - any text
 * @returns the text
 */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
