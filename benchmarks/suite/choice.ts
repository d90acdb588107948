import { type Case, GROUPS, type Group } from "./types.js";

/**
 * Cases by the words of the command line: groups or names; no word means all.
 * @param cases - every case
 * @param words - what was asked for
 * @returns the cases in their own order, whether they are all, and words that are neither group nor case
 */
export function chooseCases(
  cases: readonly Case[],
  words: readonly string[],
): { cases: readonly Case[]; isWhole: boolean; unknown: readonly string[] } {
  const groups: readonly string[] = words.length === 0 ? GROUPS : words;
  const names = cases.map(({ name }) => name);
  return {
    cases: cases.filter(({ name, group }) => groups.includes(group) || words.includes(name)),
    isWhole: words.length === 0,
    unknown: words.filter((word) => !GROUPS.includes(word as Group) && !names.includes(word)),
  };
}
