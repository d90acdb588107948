import { expect } from "vitest";
import { InputError, type Problem } from "../../src/core/errors.js";
import { createStream, type RandomStream } from "../../src/core/random.js";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import type { FitOptions } from "../../src/models/spec.js";

/** Few starts, for models whose maximum is easy to find. */
export const QUICK = { startsInitial: 12, startsFinal: 4 } satisfies Partial<FitOptions>;

/** Paths of all numbers in a value that are not finite (undefined properties are left alone). */
export function nonFinite(value: unknown, path = "result"): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path} = ${value}`];
  if (ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<number>).flatMap((entry, i) =>
      nonFinite(entry, `${path}[${i}]`),
    );
  if (Array.isArray(value)) return value.flatMap((entry, i) => nonFinite(entry, `${path}[${i}]`));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, entry]) => nonFinite(entry, `${path}.${key}`));
  return [];
}

/** Fails on any number of a result that is NaN or infinite: none may reach a JSON file. */
export function expectAllFinite(value: unknown): void {
  expect(nonFinite(value)).toEqual([]);
}

/** The problems of the InputError that `act` throws (or rejects with). */
export async function problemsOf(act: () => unknown): Promise<readonly Problem[]> {
  try {
    await act();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).problems;
  }
  throw new Error("nothing was thrown");
}

/** One person's scores as a function of the session number. */
export type Person = (session: number, stream: RandomStream) => number;

/** People with given scores at sessions 0, 1, ... (columns `time` and `score`, and `half`: half the time). */
export function cohort(
  nPersons: number,
  sessions: number | ((person: number) => number),
  person: (index: number, stream: RandomStream) => Person,
  seed = 1,
): LongTable {
  const ids: string[] = [];
  const time: number[] = [];
  const score: number[] = [];
  for (let i = 0; i < nPersons; i++) {
    const stream = createStream(seed, i);
    const draw = person(i, stream);
    const n = typeof sessions === "number" ? sessions : sessions(i);
    for (let j = 0; j < n; j++) {
      ids.push(`p${i}`);
      time.push(j);
      score.push(draw(j, stream));
    }
  }
  return tableFromArrays(ids, { time, score }, "time");
}

/** An ordinary person: intercept 12 (SD 3), slope -0.5 (SD 0.3), residual SD 1.5. */
export function ordinary(_index: number, stream: RandomStream): Person {
  const intercept = 12 + 3 * stream.normal();
  const slope = -0.5 + 0.3 * stream.normal();
  return (session, own) => intercept + slope * session + 1.5 * own.normal();
}

/** Two kinds of people: two thirds improve by 1.5 points a session, one third stays at 18. */
export function twoKinds(index: number, stream: RandomStream): Person {
  const shift = stream.normal();
  const [intercept, slope] = index % 3 === 0 ? [18, 0] : [14, -1.5];
  return (session, own) => intercept + shift + slope * session + 1.5 * own.normal();
}

/** A copy of a table with columns added or replaced, computed from the row's values (numeric columns by name). */
export function withColumns(
  table: LongTable,
  added: Record<
    string,
    (row: Readonly<Record<string, number>>, index: number, person: number) => number | string | null
  >,
): LongTable {
  const ids: string[] = [];
  const columns: Record<string, (number | string | null)[]> = {};
  for (const name of [...table.columns.keys(), ...Object.keys(added)]) columns[name] = [];
  for (let person = 0; person < table.nPersons; person++)
    for (let r = table.personStart[person]!; r < table.personStart[person + 1]!; r++) {
      ids.push(table.personIds[person]!);
      const row: Record<string, number> = {};
      for (const [name, column] of table.columns) {
        const value =
          column.kind === "numeric" ? column.values[r]! : (column.levels[column.codes[r]!] ?? null);
        if (typeof value === "number") row[name] = value;
        if (!(name in added)) columns[name]!.push(value);
      }
      for (const [name, compute] of Object.entries(added)) columns[name]!.push(compute(row, r, person));
    }
  return tableFromArrays(ids, columns);
}

/** Rows in another order, persons too; the same people and scores. */
export function shuffledRows(table: LongTable, seed: number): LongTable {
  const order = Int32Array.from({ length: table.nRows }, (_, r) => r);
  createStream(seed).shuffle(order);
  const personOf = new Int32Array(table.nRows);
  for (let i = 0; i < table.nPersons; i++) personOf.fill(i, table.personStart[i]!, table.personStart[i + 1]!);
  const columns = Object.fromEntries(
    [...table.columns].map(([name, column]) => [
      name,
      Array.from(order, (r) =>
        column.kind === "numeric" ? column.values[r]! : (column.levels[column.codes[r]!] ?? null),
      ),
    ]),
  );
  return tableFromArrays(
    Array.from(order, (r) => table.personIds[personOf[r]!]!),
    columns,
  );
}
