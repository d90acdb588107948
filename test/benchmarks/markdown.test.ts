import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RESULTS, ROOT } from "../../benchmarks/paths.js";
import { longTable, readPart, replacePart, shortTable } from "../../benchmarks/suite/markdown.js";
import { quotedPeer } from "../../benchmarks/suite/peers.js";
import { scalingTable } from "../../benchmarks/suite/scalingText.js";
import { caseOf, resultsOf, runsAround } from "./fixtures.js";

const results = resultsOf([
  caseOf(
    "a",
    { moments: runsAround(1, 0.01), fit: runsAround(2, 0.01) },
    {
      peers: [quotedPeer("lcmm", "2.2.2", "hlme(a | b)", 400, "measured by us")],
      targets: [
        { words: "fit: at most 4.00 s", value: 2, reached: "2.00 s", met: true },
        { words: "moments: at most 500 ms", value: 1, reached: "1.00 s", met: false },
      ],
    },
  ),
]);

describe("tables of results", () => {
  it("say work, times, peers and machine", () => {
    const text = shortTable(results);
    expect(text).toContain(
      "| Title of a | moments 1.00 s, fit 2.00 s | lcmm 400 s (quoted): 200 x as long |",
    );
    expect(text).toContain("Test processor, 2 cores, 8 GB, Node v20.19.0, no R, 2026-01-02, commit abc1234.");
    expect(text).not.toContain("provisional");
  });

  it("own up to a busy machine and uncommitted changes", () => {
    expect(shortTable({ ...results, machine: { ...results.machine, coresBusy: 2, dirty: true } })).toMatch(
      /commit abc1234 with changes; \*\*provisional: the machine was busy\*\* \(2 cores in use by others, load average 0\)\./,
    );
  });

  it("hold every target with its verdict, and no bar that would end a cell", () => {
    const text = longTable(results);
    expect(text).toContain("at most 4.00 s: 2.00 s, met");
    expect(text).toContain("at most 500 ms: 1.00 s, **missed**");
    expect(text).toContain("hlme(a \\| b)");
  });
});

describe("parts of a page", () => {
  const empty = (name: string) =>
    `<!-- bench:table ${name}: written by \`npm run bench:table\`, not by hand -->\n<!-- bench:table ${name}: end -->`;

  it("are replaced without touching the rest, and read back", () => {
    const page = `Before.\n\n${empty("x")}\n\nBetween.\n\n${empty("y")}\n`;
    const once = replacePart(page, "x", "| a |");
    expect(readPart(once, "x")).toBe("| a |");
    expect(readPart(once, "y")).toBe("");
    expect(replacePart(once, "x", "| a |")).toBe(once);
    expect(once.startsWith("Before.\n\n<!--") && once.includes("\n\nBetween.\n\n<!--")).toBe(true);
  });

  it("must be there", () => {
    expect(() => replacePart("text", "x", "")).toThrow(/no part "x"/);
  });
});

describe("the pages that quote results", () => {
  const page = (name: string) => readFileSync(join(ROOT, name), "utf8");
  const file = (name: string) => JSON.parse(readFileSync(join(RESULTS, name), "utf8"));

  it("quote the committed results (`npm run bench:table` brings them up to date)", () => {
    expect(readPart(page("README.md"), "performance")).toBe(shortTable(file("latest.json")));
    expect(readPart(page("docs/performance.md"), "figures")).toBe(longTable(file("latest.json")));
  });

  it.skipIf(!existsSync(join(RESULTS, "scaling.json")))("quote the committed scaling laws", () => {
    expect(readPart(page("docs/performance.md"), "scaling")).toBe(scalingTable(file("scaling.json")));
  });
});
