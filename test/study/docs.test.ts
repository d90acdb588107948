import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseStudy } from "../../src/study/load.js";
import { allStudyKeys, keysAt } from "../../src/study/schemaKeys.js";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = read("docs/study-file.md");

/** The text under the heading of a top-level key. */
function section(key: string): string {
  const parts = page.split(/^## /m);
  return parts.find((part) => part.split("\n", 1)[0]!.split(", ").includes(key)) ?? "";
}

describe("docs/study-file.md", () => {
  it.each(allStudyKeys())("explains %s", (path) => {
    const [top, ...rest] = path.replaceAll("[]", "").split(".");
    const key = rest.at(-1);
    expect(section(top!)).toContain(key === undefined ? top! : `\`${key}\``);
  });

  it("has a section for nothing but keys and what comes out", () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].flatMap((match) => match[1]!.split(", "));
    expect(headings.filter((heading) => !keysAt([]).includes(heading))).toEqual(["What comes out"]);
  });

  it("shows a smallest study that is right", () => {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(page)![1]!;
    expect(Object.keys(parseStudy(yaml).models)).toEqual(["GMM"]);
  });
});

describe("the example studies", () => {
  it.each(["examples/study.yaml", "examples/reframed.yaml"])("%s is right", (path) => {
    expect(parseStudy(read(path), path).outcome).toBe("phq9");
  });
});
