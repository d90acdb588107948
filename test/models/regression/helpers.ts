import { readFileSync } from "node:fs";
import type { RegressionDesign } from "../../../src/models/regression/personDesign.js";
import type { Posteriors } from "../../../src/models/result.js";

/** One reference regression: logits of classes 1 and 2 against class 3. */
export interface ThreeStepEntry {
  readonly correction: "ml" | "bch" | "none";
  readonly assignment: "modal" | "proportional";
  readonly logLik: number;
  readonly estimates: Readonly<Record<string, number>>;
  readonly se: Readonly<Record<string, number>>;
  readonly seRobust: Readonly<Record<string, number>> | null;
}

/** The reference file made with R from sim600 (see its `source` and each entry's `call`). */
export interface ThreeStepReference {
  readonly entries: Readonly<Record<string, ThreeStepEntry>>;
  readonly table: number[][];
  readonly tableProportional: number[][];
  readonly persons: {
    readonly id: string[];
    readonly modal: number[];
    readonly posteriors: number[][];
    readonly age: number[];
    readonly female: number[];
    readonly employed: number[];
    readonly ltc: number[];
    readonly imd: number[];
  };
}

export const reference: ThreeStepReference = JSON.parse(
  readFileSync(new URL("../../reference/threestep-sim600.json", import.meta.url), "utf8"),
) as ThreeStepReference;

export const referencePosteriors: Posteriors = {
  personIds: reference.persons.id,
  nClasses: 3,
  values: Float64Array.from(reference.persons.posteriors.flat()),
  modalClass: Int32Array.from(reference.persons.modal),
};

/** A design with an intercept from named columns. */
export function designOf(columns: Readonly<Record<string, ArrayLike<number>>>): RegressionDesign {
  const names = ["(Intercept)", ...Object.keys(columns)];
  const nPersons = Object.values(columns)[0]!.length;
  const matrix = new Float64Array(nPersons * names.length);
  for (let i = 0; i < nPersons; i++) {
    matrix[i * names.length] = 1;
    Object.values(columns).forEach((column, j) => {
      matrix[i * names.length + j + 1] = column[i]!;
    });
  }
  return { nPersons, matrix, names, termOfColumn: Int32Array.from(names.keys()), terms: names };
}
