import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { InputError, type Problem } from "../../src/core/errors.js";
import type { Column } from "../../src/core/table.js";
import type { Cohort } from "../../src/prep/types.js";

const folder = mkdtempSync(join(tmpdir(), "symtraj-prep-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a file into a folder that is removed after the tests; returns its path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A path in that folder. */
export function path(name: string): string {
  return join(folder, name);
}

/** Problems of a call that must fail with an InputError. */
export async function problemsOf(call: () => unknown): Promise<readonly Problem[]> {
  try {
    await call();
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Values of a numeric column. */
export function numbers(column: Column | undefined): number[] {
  if (column?.kind !== "numeric") throw new Error("not a numeric column");
  return [...column.values];
}

/** Categories of a factor column; null where missing. */
export function texts(column: Column | undefined): (string | null)[] {
  if (column?.kind !== "factor") throw new Error("not a factor column");
  return [...column.codes].map((code) => column.levels[code] ?? null);
}

/** Rows set aside by reason. */
export function reasons(cohort: Cohort): Record<string, number> {
  return Object.fromEntries(cohort.ledger.setAside.map(({ reason, rows }) => [reason, rows]));
}

/** The law that every cohort obeys. */
export function conserved({ ledger, long, setAsideTable }: Cohort): boolean {
  const aside = ledger.setAside.reduce((sum, { rows }) => sum + rows, 0);
  return ledger.read === ledger.used + aside && ledger.used === long.nRows && setAsideTable.count === aside;
}
