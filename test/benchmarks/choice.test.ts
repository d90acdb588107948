import { describe, expect, it } from "vitest";
import { CASES } from "../../benchmarks/suite/cases/index.js";
import { chooseCases } from "../../benchmarks/suite/choice.js";

describe("the cases of a run", () => {
  const names = (words: readonly string[]) => chooseCases(CASES, words).cases.map(({ name }) => name);

  it("have names of their own, none that of a group", () => {
    const all = CASES.map(({ name }) => name);
    expect(new Set(all).size).toBe(all.length);
    expect(chooseCases(CASES, all).unknown).toEqual([]);
    for (const group of ["quick", "standard"]) expect(all).not.toContain(group);
  });

  it("are all of them without a word", () => {
    expect(names([])).toEqual(CASES.map(({ name }) => name));
    expect(chooseCases(CASES, []).isWhole).toBe(true);
  });

  it("can be groups and names, in their own order, which are no whole run", () => {
    expect(names(["year", "quick"])).toEqual(
      CASES.filter(({ name, group }) => name === "year" || group === "quick").map(({ name }) => name),
    );
    expect(names(["lcga"])).toEqual(["lcga"]);
    expect(chooseCases(CASES, ["quick"]).isWhole).toBe(false);
    expect(chooseCases(CASES, ["lcgaa"]).unknown).toEqual(["lcgaa"]);
  });

  it("hold the figures of the project: each has a target on a measure that it makes known", () => {
    const targets = CASES.flatMap((each) =>
      each.targets.map((target) => `${each.name} ${JSON.stringify(target)}`),
    );
    // One for each row of the table of figures to reach, and more.
    for (const expected of [
      'growth {"measure":"fit","peer":"lme4","timesAsFast":50}',
      'mixture {"measure":"fit","peer":"lcmm","timesAsFast":200}',
      'mixture-starts {"measure":"fit","atMostSeconds":3}',
      'lcga {"measure":"fit","peer":"flexmix","timesAsFast":20}',
      'year {"measure":"moments","atMostSeconds":2}',
      'year {"measure":"fit","atMostSeconds":4}',
      'year-process {"measure":"process","atMostMb":3000}',
      'year-starts {"measure":"fit","atMostSeconds":30}',
      'year-irregular {"measure":"fit","atMostSeconds":12}',
      'enumeration {"measure":"search","atMostSeconds":120}',
    ])
      expect(targets).toContain(expected);
  });
});
