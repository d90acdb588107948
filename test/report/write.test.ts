import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { fitFromJson, posteriorFile } from "../../src/report/fitJson.js";
import { readMemberships, writeMemberships, writeReport } from "../../src/report/write.js";
import { makeInput } from "./fixtures.js";
import { hardInputs, NASTY } from "./hostile.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "symtraj-report-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the folder", () => {
  const input = makeInput();
  let files: readonly string[];
  const path = (file: string): string => join(folder, "ordinary", file);

  beforeAll(async () => {
    files = (await writeReport(input, join(folder, "ordinary"))).files;
  }, 60_000);

  test("holds exactly the files it says", async () => {
    const found = (await readdir(join(folder, "ordinary"), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "ordinary").length + 1));
    expect(found.sort()).toEqual([...files].sort());
    expect(files).toEqual(
      expect.arrayContaining([
        "report.html",
        "memberships.csv",
        "models/chosen.json",
        "models/gmm-4.json",
        "tables/parameters.csv",
        "figures/trajectories.svg",
        "figures/trajectories.png",
      ]),
    );
  });

  test("figures are SVG with a white ground and PNG at print size", async () => {
    const svg = await readFile(path("figures/trajectories.svg"), "utf8");
    expect(svg).toContain('<rect width="100%" height="100%" fill="#ffffff"/>');
    const png = await readFile(path("figures/trajectories.png"));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBeGreaterThan(2000);
  });

  test("the chosen model comes back from its JSON and memberships.csv", async () => {
    const json: unknown = JSON.parse(await readFile(path("models/chosen.json"), "utf8"));
    const memberships = await readMemberships(join(folder, "ordinary", "models", posteriorFile(json)!));
    const { posteriors, ...rest } = fitFromJson(json, memberships);
    const { posteriors: wanted, ...others } = input.chosen;
    expect(rest).toEqual(others);
    expect(posteriors.personIds).toEqual(wanted.personIds);
    expect(posteriors.modalClass).toEqual(wanted.modalClass);
    for (let i = 0; i < wanted.values.length; i++)
      expect(Math.abs(posteriors.values[i]! - wanted.values[i]!)).toBeLessThanOrEqual(5.001e-7);
  });

  test("the page is one file that asks for nothing", async () => {
    const html = await readFile(path("report.html"), "utf8");
    const requests = html.match(/<script|<iframe|<object|@import|src=["']?http|href=["'](?!#|data:)[^"']*/g);
    expect(requests).toBeNull();
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((found) => found[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    expect(html.match(/>(?:NaN|undefined|null)</)).toBeNull();
  });
});

describe("memberships.csv", () => {
  test("any identifier survives, and many persons are written in pieces", async () => {
    const n = 45_000;
    const personIds = Array.from({ length: n }, (_, i) => (i === 0 ? NASTY : i === 1 ? "" : `p${i}`));
    const values = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      values[2 * i] = (i % 1001) / 1000;
      values[2 * i + 1] = 1 - values[2 * i]!;
    }
    const posteriors = { personIds, nClasses: 2, values, modalClass: new Int32Array(n).fill(2) };
    const file = join(folder, "m.csv");
    await writeMemberships(posteriors, file);
    const back = await readMemberships(file);
    expect(back.personIds).toEqual(personIds);
    expect(back.modalClass).toEqual(posteriors.modalClass);
    expect(Math.max(...back.values.subarray(0, 4000).map((v, i) => Math.abs(v - values[i]!)))).toBeLessThan(
      1e-6,
    );
  });

  test.each([
    ["", "empty"],
    ["id,a,b\r\n", "header"],
    ["id,posterior_1,modal_class\r\nx,1\r\n", "line 2"],
    ["id,posterior_1,modal_class\r\nx,1,one\r\n", "modal class"],
  ])("a file that is not one is refused: %j", async (text, message) => {
    const file = join(folder, "bad.csv");
    await writeFile(file, text);
    await expect(readMemberships(file)).rejects.toThrow(InputError);
    await expect(readMemberships(file)).rejects.toThrow(message);
  });
});

test("a folder that is a file is the user's mistake, said plainly", async () => {
  const file = join(folder, "taken");
  await writeFile(file, "");
  await expect(writeReport(makeInput(), file)).rejects.toThrow(InputError);
  await expect(writeReport(makeInput(), file)).rejects.toThrow(/cannot be written/);
});

test("a cancelled report stops", async () => {
  const signal = AbortSignal.abort();
  await expect(writeReport(makeInput(), join(folder, "stopped"), { signal })).rejects.toThrow(/abort/i);
});

interface Facts {
  readonly width: number;
  readonly window: number;
  readonly figures: number;
  readonly unlabelled: number;
  readonly headings: string;
  readonly tables: number;
  readonly captions: number;
  readonly scripts: number;
}

/** Runs in the page. As text, for the tests are not compiled against the DOM. */
const LOOK = `({
  width: document.documentElement.scrollWidth,
  window: window.innerWidth,
  figures: [...document.querySelectorAll("figure")].filter((figure) =>
    [...figure.querySelectorAll("svg")].some((svg) => svg.getBoundingClientRect().width > 100)).length,
  unlabelled: document.querySelectorAll('[role="img"]:not([aria-label])').length,
  headings: [...document.querySelectorAll("h1, h2, h3")].map((heading) => heading.tagName).join(" "),
  tables: document.querySelectorAll("table").length,
  captions: document.querySelectorAll("table > caption").length,
  scripts: document.querySelectorAll("script, img, iframe").length,
})`;

const browserPath = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path !== undefined && existsSync(path));

describe.skipIf(browserPath === undefined)(
  `in a browser${browserPath === undefined ? " (skipped: no Chromium found; set CHROMIUM_PATH)" : ""}`,
  () => {
    let browser: Awaited<ReturnType<typeof chromium.launch>>;
    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: browserPath!,
        args: ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"],
      });
    }, 60_000);
    afterAll(() => browser?.close());

    test.each(Object.entries(hardInputs()))("%s", async (name, input) => {
      const target = join(folder, name.replaceAll(/[^a-z]/g, "-"));
      await writeReport(input, target, { png: false });
      for (const [width, colorScheme] of [
        [375, "light"],
        [1280, "dark"],
      ] as const) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        const trouble: string[] = [];
        page.on("console", (message) => trouble.push(message.text()));
        page.on("pageerror", (error) => trouble.push(String(error)));
        page.on("request", (request) => {
          if (!/^(file|data):/.test(request.url())) trouble.push(request.url());
        });
        page.on("dialog", (dialog) => trouble.push(`dialog ${dialog.message()}`));
        await page.goto(`file://${join(target, "report.html")}`);
        expect(trouble).toEqual([]);
        const facts = (await page.evaluate(LOOK)) as Facts;
        expect(facts.width, `page of ${width} px`).toBeLessThanOrEqual(facts.window);
        expect(facts.figures).toBe(await page.locator("figure").count());
        expect(facts.figures).toBeGreaterThan(0);
        expect(facts.unlabelled).toBe(0);
        expect(facts.headings.startsWith("H1 H2 H3")).toBe(true);
        expect(facts.tables).toBe(facts.captions);
        expect(facts.scripts).toBe(0);
        await page.close();
      }
    });
  },
);

test("builders import nothing from Node and nothing that draws", async () => {
  const root = new URL("../../src/report/", import.meta.url);
  const nodeParts = new Set(["render.ts", "write.ts", "index.ts"]);
  const names = (await readdir(root, { recursive: true })).filter(
    (name) => name.endsWith(".ts") && !nodeParts.has(name),
  );
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) {
    const text = await readFile(new URL(name, root), "utf8");
    expect(text, name).not.toMatch(/from "(?:node:|vega|@resvg)|import\(/);
    expect(text, name).not.toMatch(/from "\.\.?\/(?:render|write|index)\.js"/);
  }
});
