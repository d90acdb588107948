import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  escapeHtml,
  fileStem,
  formatDuration,
  formatEstimate,
  formatInterval,
  formatNumber,
  formatOdds,
  formatOddsRatio,
  formatP,
  formatPercent,
  formatProportion,
  joinWords,
  MISSING,
} from "../../src/report/format.js";

describe("numbers", () => {
  test.each([
    [1234.5, 2, "1,234.50"],
    [-0.001, 2, "0.00"],
    [-1.2, 1, "−1.2"],
    [1e6, 0, "1,000,000"],
    [Number.NaN, 2, MISSING],
    [null, 2, MISSING],
    [Number.NEGATIVE_INFINITY, 2, "−∞"],
  ])("%s with %s decimals is %s", (value, digits, text) => {
    expect(formatNumber(value, digits)).toBe(text);
  });

  test.each([
    [0.00123, "0.00123"],
    [18.234, "18.23"],
    [-1234.56, "−1,234.6"],
    [0, "0.00"],
    [1.5e-9, "1.5e−9"],
  ])("estimate %s keeps three digits: %s", (value, text) => {
    expect(formatEstimate(value)).toBe(text);
  });

  test("an estimate read back is within half of its last digit", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), (value) => {
        const read = Number(formatEstimate(value).replaceAll("−", "-").replaceAll(",", ""));
        expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.max(0.00501 * Math.abs(value), 5.01e-7));
      }),
    );
  });
});

describe("APA style", () => {
  test("p-values have no leading zero and no false exactness", () => {
    expect([0.0341, 0.00099, 0.9996, 0.5, null].map(formatP)).toEqual([
      ".034",
      "< .001",
      "> .999",
      ".500",
      MISSING,
    ]);
  });

  test("proportions and percentages", () => {
    expect([0.8734, 1, -0.2].map((v) => formatProportion(v))).toEqual([".87", "1.00", "−.20"]);
    expect([0.31, 0.001, 0.999, 0, 1].map((v) => formatPercent(v))).toEqual([
      "31%",
      "< 1%",
      "> 99%",
      "0%",
      "100%",
    ]);
    expect(formatPercent(0.0004, 1)).toBe("< 0.1%");
  });

  test("odds ratios never look more exact than they are", () => {
    expect([1.454, 0.0341, 12.34, 123.4, 1e6, 1e-9, 0.0999].map(formatOddsRatio)).toEqual([
      "1.45",
      "0.034",
      "12.3",
      "123",
      "> 999",
      "< 0.001",
      "0.10",
    ]);
  });

  test("intervals need both limits", () => {
    expect(formatInterval(-1.2, 3.4)).toBe("[−1.20, 3.40]");
    expect(formatInterval(null, 3.4)).toBe(MISSING);
  });
});

test("durations", () => {
  expect([0.42, 38.2, 125, 7260].map(formatDuration)).toEqual(["0.4 s", "38 s", "2 min 5 s", "2 h 1 min"]);
});

test("words are joined as in English", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map((words) => joinWords(words))).toEqual([
    "",
    "a",
    "a and b",
    "a, b and c",
  ]);
});

test("escaped text holds nothing that HTML would act on", () => {
  expect(escapeHtml(`<a href="x" onclick='y'>&amp;`)).toBe(
    "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;amp;",
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
    }),
  );
});

test("file stems are safe on every system", () => {
  expect(fileStem("../../etc/passwd")).toBe("etc-passwd");
  expect(fileStem("Größe & Form: GMM (3)")).toBe("gro-e-form-gmm-3");
  expect(fileStem("中文")).toBe("item");
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      expect(fileStem(text)).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/);
    }),
  );
});

describe("odds of correct classification", () => {
  test("keep one decimal, and stop counting where they mean certainty", () => {
    expect(formatOdds(5.84)).toBe("5.8");
    expect(formatOdds(3.3e13)).toBe("> 9,999");
  });
});
