import {
  escapeHtml,
  formatCount,
  formatEstimate,
  formatInterval,
  formatNumber,
  formatOdds,
  formatOddsRatio,
  formatP,
  formatPercent,
  formatProportion,
  MISSING,
} from "../format.js";

/** A value in a table: never formatted, so that CSV keeps full precision. */
export type Cell = string | number | boolean | null;

/** How a column of numbers is written on the page. */
export type CellFormat =
  | "text"
  | "count"
  | "fixed1"
  | "fixed2"
  | "odds"
  | "estimate"
  | "compact"
  | "proportion"
  | "percent"
  | "percent1"
  | "oddsRatio"
  | "p";

/** A column of a table. */
export interface TableColumn {
  /** Header in the CSV, e.g. `standard_error`. */
  readonly name: string;
  /** Header on the page, e.g. `SE`. */
  readonly label: string;
  readonly format: CellFormat;
  /** On the page, this column and the next are shown as one interval `[lower, upper]`. */
  readonly intervalWithNext?: boolean;
  /** In the CSV only. */
  readonly csvOnly?: boolean;
}

/** A plain table: the same rows go to CSV and to the page. */
export interface ReportTable {
  /** File name stem and HTML id, e.g. `parameters`. */
  readonly id: string;
  readonly title: string;
  /** A note under the table; empty for none. */
  readonly note: string;
  readonly columns: readonly TableColumn[];
  /** One array a row, in the order of `columns`. */
  readonly rows: readonly (readonly Cell[])[];
  /** Index of the row to set off on the page, e.g. the chosen model. */
  readonly chosenRow?: number;
}

const WRITERS: Readonly<Record<CellFormat, (value: number) => string>> = {
  text: (value) => String(value),
  count: formatCount,
  fixed1: (value) => formatNumber(value, 1),
  fixed2: (value) => formatNumber(value, 2),
  odds: formatOdds,
  estimate: (value) => formatEstimate(value),
  compact: (value) => formatNumber(value, Number.isInteger(value) ? 0 : 1),
  proportion: (value) => formatProportion(value),
  percent: (value) => formatPercent(value),
  percent1: (value) => formatPercent(value, 1),
  oddsRatio: formatOddsRatio,
  p: formatP,
};

/**
 * Writes one cell for the page.
 * @param value - the raw value
 * @param format - how its column is written
 * @returns plain text, not yet escaped
 */
export function formatCell(value: Cell, format: CellFormat): string {
  if (value === null) return MISSING;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? WRITERS[format](value) : value;
}

/**
 * Writes a table as CSV (RFC 4180: comma, double quotes doubled, CRLF line ends).
 * @param table - the table, of which only the headers and the rows are written
 * @returns the file's text, header first; missing values are empty, numbers keep full precision
 */
export function tableToCsv(table: {
  readonly columns: readonly Pick<TableColumn, "name">[];
  readonly rows: ReportTable["rows"];
}): string {
  const lines = [table.columns.map((column) => csvField(column.name)).join(",")];
  for (const row of table.rows) lines.push(row.map(csvCell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function csvCell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  return csvField(typeof value === "boolean" ? (value ? "yes" : "no") : value);
}

/**
 * Quotes a field of a CSV file where it needs it.
 * @param text - the field
 * @returns the field as it stands in the file
 */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows beyond this stay in the CSV: a page of ten thousand rows helps nobody. */
const MOST_ROWS = 400;

/**
 * Writes a table as HTML: captioned, with scopes, in a box of its own that scrolls where it is too wide.
 * @param table - the table
 * @param caption - the caption, e.g. `Table 3. Parameters`
 * @returns an HTML fragment; every text in it is escaped
 */
export function tableToHtml(table: ReportTable, caption: string): string {
  const shown = table.rows.slice(0, MOST_ROWS);
  const columns = table.columns.map((column, i) => ({ ...column, i }));
  const visible = columns.filter((column) => !column.csvOnly && !columns[column.i - 1]?.intervalWithNext);
  const head = visible
    .map((column) => `<th scope="col"${numeric(column)}>${escapeHtml(column.label)}</th>`)
    .join("");
  const body = shown
    .map(
      (row, r) =>
        `<tr${r === table.chosenRow ? ' class="chosen"' : ""}>${visible.map((column, c) => cellHtml(row, column, c === 0)).join("")}</tr>`,
    )
    .join("\n");
  const cut =
    table.rows.length > shown.length
      ? `The first ${formatCount(shown.length)} of ${formatCount(table.rows.length)} rows; tables/${table.id}.csv has all. `
      : "";
  const note = `${cut}${table.note}`;
  const id = escapeHtml(table.id);
  return `<div class="table${shown.length <= 15 ? " short" : ""}" id="table-${id}">
<div class="scroll" role="region" tabindex="0" aria-labelledby="caption-${id}">
<table>
<caption id="caption-${id}"><span>${escapeHtml(caption)}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody>
</table>
</div>${note === "" ? "" : `\n<p class="note">${escapeHtml(note)}</p>`}
</div>`;
}

function numeric(column: TableColumn): string {
  return column.format === "text" ? "" : ' class="number"';
}

function cellHtml(
  row: readonly Cell[],
  column: TableColumn & { readonly i: number },
  first: boolean,
): string {
  const value = row[column.i] ?? null;
  const text = column.intervalWithNext
    ? intervalText(value, row[column.i + 1] ?? null, column.format)
    : formatCell(value, column.format);
  const content = escapeHtml(text);
  return first
    ? `<th scope="row"${numeric(column)}>${content}</th>`
    : `<td${numeric(column)}>${content}</td>`;
}

function intervalText(lower: Cell, upper: Cell, format: CellFormat): string {
  if (typeof lower !== "number" || typeof upper !== "number") return MISSING;
  return formatInterval(lower, upper, WRITERS[format]);
}

/**
 * Shorthand for a column.
 * @param name - CSV header
 * @param label - header on the page
 * @param format - how values are written, default text
 * @param more - further properties
 * @returns the column
 */
export function column(
  name: string,
  label: string,
  format: CellFormat = "text",
  more: Partial<Pick<TableColumn, "intervalWithNext" | "csvOnly">> = {},
): TableColumn {
  return { name, label, format, ...more };
}
