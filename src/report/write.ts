import { createReadStream } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { InputError, RunFailure } from "../core/errors.js";
import type { FitResult, Posteriors } from "../models/result.js";
import { buildReport } from "./document.js";
import { fitToJson, type PosteriorStorage } from "./fitJson.js";
import { fileStem } from "./format.js";
import { type FigureDrawing, renderPage } from "./html.js";
import type { ReportInput } from "./input.js";
import { renderPng, renderSvg, withPaper } from "./render.js";
import { csvField, tableToCsv } from "./tables/table.js";

/** What to write beside the page. */
export interface WriteReportOptions {
  /** Write PNG files of the figures; default true. */
  readonly png?: boolean;
  /** Called as each file is written, with its path relative to the folder. */
  readonly onFile?: (file: string) => void;
  /** Stops between files. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the report's folder: `report.html`, `tables/*.csv`, `figures/*.svg` and `.png`, `memberships.csv` and
 * `models/*.json`. Files of the same name are replaced; others are left alone.
 * @param input - the results
 * @param directory - the folder, made where it does not exist
 * @param options - see {@link WriteReportOptions}
 * @returns the files written, relative to the folder
 * @throws InputError when the folder cannot be written to; RunFailure `figure-failed` naming the figure
 */
export async function writeReport(
  input: ReportInput,
  directory: string,
  options: WriteReportOptions = {},
): Promise<{ readonly files: readonly string[] }> {
  const document = buildReport(input);
  const files: string[] = [];
  const done = (file: string): void => {
    files.push(file);
    options.onFile?.(file);
    options.signal?.throwIfAborted();
  };
  const put = async (file: string, content: string | Uint8Array): Promise<void> => {
    await writeFile(join(directory, file), content);
    done(file);
  };
  try {
    for (const folder of ["tables", "figures", "models"])
      await mkdir(join(directory, folder), { recursive: true });
    for (const table of [...document.tables, ...document.fileTables])
      await put(`tables/${table.id}.csv`, tableToCsv(table));
    for (const { file, fit, posteriors } of modelFiles(input)) {
      const inference = file === CHOSEN ? input.inference : undefined;
      const stored = fitToJson(fit, { posteriors, ...(inference === undefined ? {} : { inference }) });
      await put(file, `${JSON.stringify(stored, null, 1)}\n`);
    }
    await writeMemberships(input.chosen.posteriors, join(directory, "memberships.csv"));
    done("memberships.csv");
    const drawings = new Map<string, FigureDrawing>();
    const images: Promise<void>[] = [];
    for (const figure of document.figures) {
      const wide = await named(figure.id, () => renderSvg(figure.spec));
      drawings.set(figure.id, { wide, narrow: await named(figure.id, () => renderSvg(figure.narrowSpec)) });
      const svg = withPaper(wide, figure.alt);
      await put(`figures/${figure.id}.svg`, svg);
      if (options.png === false) continue;
      const image = named(figure.id, () => renderPng(svg));
      images.push(image.then((png) => put(`figures/${figure.id}.png`, png)));
      // A failure is reported when all are awaited below, not as an unhandled rejection before.
      images.at(-1)!.catch(() => {});
    }
    await Promise.all(images);
    await put("report.html", renderPage(document, drawings));
  } catch (error) {
    throw writeProblem(error, directory);
  }
  return { files };
}

async function named<T>(figure: string, draw: () => Promise<T>): Promise<T> {
  try {
    return await draw();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunFailure("figure-failed", `Figure ${figure} could not be drawn: ${reason}`, { cause: error });
  }
}

const WRITE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: "there is no permission to write",
  EPERM: "there is no permission to write",
  EROFS: "the disk is read-only",
  ENOTDIR: "part of the path is a file, not a folder",
  EEXIST: "a file of that name is in the way",
  EISDIR: "a folder has the name of a file to write",
};

/** A folder that cannot be written to is the user's to mend; anything else passes through. */
function writeProblem(error: unknown, directory: string): unknown {
  const code = (error as { code?: string } | null)?.code ?? "";
  const reason = WRITE_ERRORS[code];
  if (reason === undefined) return error;
  return new InputError({
    code: "cannot-write",
    message: `The report cannot be written: ${reason}.`,
    where: (error as { path?: string }).path ?? directory,
    fix: "Choose another output folder.",
  });
}

/** The chosen model, with what further inference there is of it. */
const CHOSEN = "models/chosen.json";

/** Where each fit is stored; only the chosen one's posteriors are, in memberships.csv. */
function modelFiles(
  input: ReportInput,
): readonly { readonly file: string; readonly fit: FitResult; readonly posteriors: PosteriorStorage }[] {
  const wanted: { name: string; fit: FitResult; posteriors: PosteriorStorage }[] = [
    { name: "chosen", fit: input.chosen, posteriors: { file: "../memberships.csv" } },
    ...input.otherFits.map(({ name, fit }) => ({ name, fit, posteriors: "none" as const })),
    ...(input.enumeration?.fits ?? []).map((fit, i) => ({
      name: `${input.enumeration?.rows[i]?.structure ?? fit.family} ${fit.model.classes}`,
      fit,
      posteriors: "none" as const,
    })),
  ];
  const used = new Set<string>();
  return wanted.map(({ name, fit, posteriors }) => {
    const stem = fileStem(name);
    let unique = stem;
    for (let n = 2; used.has(unique); n++) unique = `${stem}-${n}`;
    used.add(unique);
    return { file: `models/${unique}.json`, fit, posteriors };
  });
}

/** Rows put together before each write: large enough to be quick, small enough to cost no memory. */
const ROWS_AT_ONCE = 20_000;

/**
 * Writes `memberships.csv`: id, posterior probability of each class (6 decimals) and modal class, one person a
 * line; streamed, so that a million persons cost little memory.
 * @param posteriors - posteriors of the fit
 * @param file - the file to write
 */
export async function writeMemberships(posteriors: Posteriors, file: string): Promise<void> {
  const { personIds, nClasses, values, modalClass } = posteriors;
  const handle = await open(file, "w");
  try {
    const names = Array.from({ length: nClasses }, (_, k) => `posterior_${k + 1}`);
    await handle.write(`${["id", ...names, "modal_class"].join(",")}\r\n`);
    for (let from = 0; from < personIds.length; from += ROWS_AT_ONCE) {
      const to = Math.min(personIds.length, from + ROWS_AT_ONCE);
      let text = "";
      for (let i = from; i < to; i++) {
        text += csvField(personIds[i]!);
        for (let k = 0; k < nClasses; k++) text += `,${fixed6(values[i * nClasses + k]!)}`;
        text += `,${modalClass[i]!}\r\n`;
      }
      await handle.write(text);
    }
  } finally {
    await handle.close();
  }
}

/** `toFixed(6)` of a probability, several times as fast. */
function fixed6(value: number): string {
  if (!Number.isFinite(value)) return "";
  const millionths = Math.round(value * 1e6);
  if (millionths >= 1e6) return "1.000000";
  return `0.${String(1e6 + millionths).slice(1)}`;
}

/**
 * Reads `memberships.csv` back.
 * @param file - a file written by {@link writeMemberships}
 * @returns the posteriors, to six decimals
 * @throws InputError naming the first line that is not as expected
 */
export async function readMemberships(file: string): Promise<Posteriors> {
  const personIds: string[] = [];
  const values: number[] = [];
  const modal: number[] = [];
  let nClasses = -1;
  let line = 0;
  const bad = (message: string): InputError =>
    new InputError({
      code: "bad-memberships",
      message,
      where: `${file}, line ${line}`,
      expected: "id, posterior_1, posterior_2, …, modal_class as symtraj writes them",
    });
  const input = createReadStream(file, "utf8");
  let pending = "";
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    // A quoted identifier may itself hold a line break.
    pending = pending === "" ? text : `${pending}\n${text}`;
    if ((pending.split('"').length - 1) % 2 === 1) continue;
    const fields = splitLine(pending);
    pending = "";
    if (nClasses < 0) {
      nClasses = fields.length - 2;
      const expected = [
        "id",
        ...Array.from({ length: nClasses }, (_, k) => `posterior_${k + 1}`),
        "modal_class",
      ];
      if (nClasses < 1 || expected.some((name, i) => fields[i] !== name))
        throw bad("The header is not as expected.");
      continue;
    }
    if (fields.length !== nClasses + 2) throw bad(`There are ${fields.length} fields, not ${nClasses + 2}.`);
    personIds.push(fields[0]!);
    for (let k = 1; k <= nClasses; k++) values.push(fields[k] === "" ? Number.NaN : Number(fields[k]));
    modal.push(Number(fields[nClasses + 1]));
    if (!Number.isInteger(modal.at(-1))) throw bad(`The modal class is "${fields[nClasses + 1]}".`);
  }
  if (nClasses < 0) throw bad("The file is empty.");
  return { personIds, nClasses, values: Float64Array.from(values), modalClass: Int32Array.from(modal) };
}

function splitLine(line: string): readonly string[] {
  if (!line.startsWith('"')) return line.split(",");
  const end = /^"((?:[^"]|"")*)",?/.exec(line);
  if (end === null) return line.split(",");
  return [end[1]!.replaceAll('""', '"'), ...line.slice(end[0].length).split(",")];
}
