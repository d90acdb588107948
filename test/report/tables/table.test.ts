import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildReport } from "../../../src/report/document.js";
import {
  type Cell,
  column,
  type ReportTable,
  tableToCsv,
  tableToHtml,
} from "../../../src/report/tables/table.js";
import { makeInput } from "../fixtures.js";

/** A plain RFC 4180 reader, to check the writer by another road. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") {
      row.push(field);
      field = "";
    } else if (c === "\r" && text[i + 1] === "\n") {
      row.push(field);
      rows.push(row);
      row = [];
      field = "";
      i++;
    } else field += c;
  }
  return rows;
}

const tableOf = (rows: readonly (readonly Cell[])[]): ReportTable => ({
  id: "t",
  title: "T",
  note: "",
  columns: [
    column("name", "Name"),
    column("lower", "95% CI", "fixed2", { intervalWithNext: true }),
    column("upper", "U", "fixed2"),
  ],
  rows,
});

test("any text survives CSV, numbers keep full precision", () => {
  const cell = fc.tuple(fc.string({ unit: "binary" }), fc.double({ noNaN: true, noDefaultInfinity: true }));
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 6 }), (cells) => {
      const back = parseCsv(tableToCsv(tableOf(cells.map(([text, value]) => [text, value, null]))));
      expect(back[0]).toEqual(["name", "lower", "upper"]);
      expect(back.slice(1).map(([text, value, empty]) => [text, Number(value), empty])).toEqual(
        cells.map(([text, value]) => [text, value === 0 ? 0 : value, ""]),
      );
    }),
  );
});

test("a page table has caption, scopes and one cell an interval", () => {
  const html = tableToHtml(tableOf([["<b>", -1.5, 2]]), "Table 1. T");
  expect(html).toContain('<caption id="caption-t"><span>Table 1. T</span></caption>');
  expect(html).toContain('<th scope="col" class="number">95% CI</th>');
  expect(html).toContain('<th scope="row">&lt;b&gt;</th><td class="number">[−1.50, 2.00]</td></tr>');
  expect(html).not.toContain("<b>");
});

test("a page table of many rows is cut and says so", () => {
  const html = tableToHtml(tableOf(Array.from({ length: 1000 }, (_, i) => [`r${i}`, i, i])), "T");
  expect(html.match(/<tr/g)).toHaveLength(401);
  expect(html).toContain("The first 400 of 1,000 rows; tables/t.csv has all.");
});

describe("the tables of a report", () => {
  const input = makeInput();
  const { tables, fileTables } = buildReport(input);
  const all = [...tables, ...fileTables];
  const get = (id: string): ReportTable => all.find((table) => table.id === id)!;

  test("every row has a cell for every column, and ids are distinct", () => {
    expect(new Set(all.map((table) => table.id)).size).toBe(all.length);
    for (const table of all)
      for (const row of table.rows) expect(row, table.id).toHaveLength(table.columns.length);
  });

  test("the ledger adds up", () => {
    const rows = get("ledger").rows;
    const count = (step: string): number => rows.find((row) => row[0] === step)![2] as number;
    expect(count("Read")).toBe(count("Used") + count("Set aside"));
    expect(get("ledger").note).toContain("Read = used + set aside");
  });

  test("a ledger that does not add up is called out", () => {
    const { ledger } = input.cohort;
    const wrong = makeInput({ cohort: { ...input.cohort, ledger: { ...ledger, read: ledger.read + 1 } } });
    expect(buildReport(wrong).tables[0]!.note).toContain("do not add up");
  });

  test("occasions hold every score once, with time and spread", () => {
    const table = get("occasions");
    expect(table.rows.reduce((sum, row) => sum + (row[1] as number), 0)).toBe(input.long.nRows);
    expect(table.rows[0]!.slice(2, 4)).toEqual([0, 0]);
  });

  test("odds ratios are there against every reference class", () => {
    const table = get("odds-ratios-1-latent-class");
    expect(new Set(table.rows.map((row) => row[2]))).toEqual(
      new Set(["Class 1", "Class 2", "Class 3", "Class 4"]),
    );
    expect(table.rows).toHaveLength(5 * 12);
  });

  test("random effects list each pair once, with correlation", () => {
    expect(get("random-effects").rows).toEqual([
      ["all", "(Intercept)", "(Intercept)", 5.76, 2.4, null],
      ["all", "week", "(Intercept)", 0.04, null, 0.139],
      ["all", "week", "week", 0.0144, null, null].map((v, i) => (i === 4 ? 0.12 : v)),
    ]);
  });

  test("weighted class rates add up to everyone's", () => {
    const byClass = get("outcomes-by-class").rows.filter((row) => row[0] === "recovery");
    const column = input.persons!.columns.get("recovery")!;
    const yes =
      column.kind === "factor"
        ? Array.from(column.codes).filter((c) => column.levels[c] === "yes").length
        : 0;
    expect(byClass.reduce((sum, row) => sum + (row[3] as number), 0)).toBeCloseTo(yes, 8);
  });
});
