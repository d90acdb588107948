import { type Case, GROUPS, type Group } from "./types.js";

/**
 * Cases by the words of the command line: groups, `all`, or names; nothing is quick and standard.
 * @param cases - every case
 * @param words - what was asked for
 * @returns the cases in their own order, whether they are whole groups, and words that are neither group nor case
 */
export function chooseCases(
  cases: readonly Case[],
  words: readonly string[],
): { cases: readonly Case[]; isWhole: boolean; unknown: readonly string[] } {
  const groups = words.length === 0 ? ["quick", "standard"] : words.includes("all") ? GROUPS : words;
  const isGroup = (word: string): boolean => word === "all" || GROUPS.includes(word as Group);
  const names = cases.map(({ name }) => name);
  return {
    cases: cases.filter(({ name, group }) => groups.includes(group) || words.includes(name)),
    // The quick ones alone are no record of how fast the engine is.
    isWhole: words.length === 0 || words.includes("all"),
    unknown: words.filter((word) => !isGroup(word) && !names.includes(word)),
  };
}
