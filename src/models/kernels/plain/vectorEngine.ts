import type { Moments } from "../../design/moments.js";
import {
  BlockEngine,
  expandProducts,
  halfIndex,
  halfSize,
  MOST_RANDOM,
  PEOPLE_PER_BLOCK,
  type VariedModel,
} from "./engine.js";
import { MODULES } from "./modules.generated.js";

/** As much of the language's WebAssembly as is used here: neither a browser's types nor Node's are among this layer's. */
declare const WebAssembly:
  | {
      validate(bytes: Uint8Array): boolean;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: Exports };
    }
  | undefined;

/** What a compiled `assembly/estep.ts` exports: calls, and addresses in bytes. */
interface Exports extends Readonly<Record<Address | "CLASSES", { readonly value: number }>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  alike(nPeople: number, nClasses: number): number;
  varied(nPeople: number, nClasses: number, l00: number, l10: number, l11: number, variance: number): number;
  sums(nPeople: number, nClasses: number, all: boolean, weighted: boolean): void;
}
type Address =
  | "BY"
  | "WEIGHT"
  | "BTB"
  | "PATTERN"
  | "RATIO"
  | "MU"
  | "POSTERIOR"
  | "TOTAL"
  | "DETERMINANT"
  | "SUMS"
  | "PRODUCTS"
  | "SPREAD";

/** The module for a basis of M columns, running in this thread. */
interface Instance {
  readonly columns: number;
  readonly call: Exports;
  readonly numbers: Float64Array;
  readonly whole: Int32Array;
  readonly mostClasses: number;
  /** Addresses in numbers of eight bytes; PATTERN in whole numbers of four. */
  readonly at: Readonly<Record<Address, number>>;
}

const instances = new Map<number, Instance | null>();

/**
 * Whether this machine runs WebAssembly with vectors.
 * @returns true when {@link vectorEngine} can be made
 */
export function hasVectors(): boolean {
  return instanceFor(3) !== null;
}

/**
 * The engine in WebAssembly, two people per instruction.
 * @param moments - the data
 * @param nClasses - K
 * @returns the engine, or null where the machine has no vectors or the model is too large for it (m > 4, K > 16)
 */
export function vectorEngine(moments: Moments, nClasses: number): BlockEngine | null {
  const instance = moments.nBasis <= 4 ? instanceFor(Math.max(3, moments.nBasis)) : null;
  return instance === null || nClasses > instance.mostClasses
    ? null
    : new VectorEngine(instance, moments, nClasses);
}

/** One per thread and basis size: what a call leaves in its memory is read before the next. */
function instanceFor(columns: number): Instance | null {
  let instance = instances.get(columns);
  if (instance === undefined) {
    instance = instantiate(columns);
    instances.set(columns, instance);
  }
  return instance;
}

function instantiate(columns: number): Instance | null {
  if (typeof WebAssembly === "undefined") return null;
  const bytes = Uint8Array.from(atob(MODULES[columns]!), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return null;
  let call: Exports;
  try {
    call = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  } catch {
    // A browser may refuse to compile on its main thread.
    return null;
  }
  return {
    columns,
    call,
    numbers: new Float64Array(call.memory.buffer),
    whole: new Int32Array(call.memory.buffer),
    mostClasses: call.CLASSES.value,
    at: {
      BY: call.BY.value / 8,
      WEIGHT: call.WEIGHT.value / 8,
      BTB: call.BTB.value / 8,
      PATTERN: call.PATTERN.value / 4,
      RATIO: call.RATIO.value / 8,
      MU: call.MU.value / 8,
      POSTERIOR: call.POSTERIOR.value / 8,
      TOTAL: call.TOTAL.value / 8,
      DETERMINANT: call.DETERMINANT.value / 8,
      SUMS: call.SUMS.value / 8,
      PRODUCTS: call.PRODUCTS.value / 8,
      SPREAD: call.SPREAD.value / 8,
    },
  };
}

class VectorEngine extends BlockEngine {
  readonly takesVaried: boolean;
  /** Where in the module's columns each of ours is: bases of fewer columns are filled up with zeros. */
  private readonly place: Int32Array;

  constructor(
    private readonly instance: Instance,
    moments: Moments,
    nClasses: number,
  ) {
    super(moments, nClasses);
    this.takesVaried = moments.nRandom <= MOST_RANDOM;
    this.place = places(moments.nBasis, instance.columns);
  }

  alike(ratios: Float64Array, from: number, to: number, posteriors: Float64Array | undefined): boolean {
    const { instance, moments, nClasses } = this;
    const m = moments.nBasis;
    const n = to - from;
    this.writeRatios(ratios, m);
    this.writePeople(from, to);
    if (instance.call.alike(n, nClasses) === 0) return false;
    this.finish(from, to, m, false, posteriors);
    return true;
  }

  override prepareVaried(model: VariedModel): void {
    super.prepareVaried(model);
    const { mu, ratios } = model;
    const { instance, moments, nClasses } = this;
    const { numbers, at, columns } = instance;
    const m = moments.nBasis;
    this.writeRatios(ratios, m + halfSize(m));
    numbers.fill(0, at.MU, at.MU + nClasses * columns);
    for (let k = 0; k < nClasses; k++)
      for (let a = 0; a < m; a++) numbers[at.MU + k * columns + a] = mu[k * m + a]!;
  }

  varied(pattern: number, from: number, to: number, posteriors: Float64Array | undefined): boolean {
    const { instance, moments, nClasses, factor, variance } = this;
    const n = to - from;
    const nColumns = moments.nBasis + halfSize(moments.nBasis);
    this.writePeople(from, to);
    this.writePatterns(pattern, from, to);
    if (instance.call.varied(n, nClasses, factor[0]!, factor[1]!, factor[2]!, variance) === 0) return false;
    this.finish(from, to, nColumns, true, posteriors);
    this.readSpread(from, to);
    return true;
  }

  private writeRatios(ratios: Float64Array, nColumns: number): void {
    const { instance, nClasses, place } = this;
    const { numbers, at, columns } = instance;
    const step = 1 + (nColumns > this.moments.nBasis ? columns + halfSize(columns) : columns);
    if (step > 1 + nColumns) numbers.fill(0, at.RATIO, at.RATIO + nClasses * step);
    for (let k = 1; k < nClasses; k++) {
      const to = at.RATIO + k * step;
      const from = k * (1 + nColumns);
      numbers[to] = ratios[from]!;
      for (let c = 0; c < nColumns; c++) numbers[to + 1 + place[c]!] = ratios[from + 1 + c]!;
    }
  }

  private writePeople(from: number, to: number): void {
    const { numbers, at, columns } = this.instance;
    const { nBasis: m, by } = this.moments;
    const n = to - from;
    const filled = (n + 3) & ~3;
    if (m === columns) numbers.set(by.subarray(from * m, to * m), at.BY);
    else
      for (let i = 0; i < n; i++)
        for (let a = 0; a < columns; a++)
          numbers[at.BY + i * columns + a] = a < m ? by[(from + i) * m + a]! : 0;
    for (let e = n * columns; e < filled * columns; e++) numbers[at.BY + e] = 0;
  }

  /** Weights, B'B of each pattern, and where each person's is. */
  private writePatterns(first: number, from: number, to: number): void {
    const { numbers, whole, at, columns } = this.instance;
    const { nBasis: m, btb, patternStart, weights } = this.moments;
    const n = to - from;
    const filled = (n + 3) & ~3;
    if (weights.length === 0) numbers.fill(1, at.WEIGHT, at.WEIGHT + n);
    else numbers.set(weights.subarray(from, to), at.WEIGHT);
    for (let i = n; i < filled; i++) {
      numbers[at.WEIGHT + i] = 0;
      whole[at.PATTERN + i] = 0;
    }
    const size = columns * columns;
    let g = first;
    for (let i = from; i < to; i++) {
      while (i >= patternStart[g + 1]!) g++;
      whole[at.PATTERN + i - from] = (g - first) * size * 8;
    }
    const count = g - first + 1;
    if (m === columns) {
      numbers.set(btb.subarray(first * size, (first + count) * size), at.BTB);
      return;
    }
    numbers.fill(0, at.BTB, at.BTB + count * size);
    for (let h = 0; h < count; h++)
      for (let a = 0; a < m; a++)
        for (let b = 0; b < m; b++)
          numbers[at.BTB + h * size + a * columns + b] = btb[((first + h) * m + a) * m + b]!;
  }

  /** Posteriors, where asked for; then the sums. */
  private finish(
    from: number,
    to: number,
    nColumns: number,
    all: boolean,
    posteriors: Float64Array | undefined,
  ): void {
    const { instance, moments, nClasses, place, sums } = this;
    const { numbers, at, columns, call } = instance;
    const { weights } = moments;
    const n = to - from;
    const weighted = weights.length > 0;
    if (posteriors !== undefined)
      for (let k = 0; k < nClasses; k++) {
        const column = at.POSTERIOR + k * PEOPLE_PER_BLOCK;
        for (let i = 0; i < n; i++) posteriors[(from + i) * nClasses + k] = numbers[column + i]!;
      }
    if (weighted && !all) numbers.set(weights.subarray(from, to), at.WEIGHT);
    call.sums(n, nClasses, all, weighted);
    const step = 1 + (all ? columns + halfSize(columns) : columns);
    for (let k = 0; k < nClasses; k++) {
      const source = at.SUMS + k * step;
      const target = k * (1 + nColumns);
      sums[target] = numbers[source]!;
      for (let c = 0; c < nColumns; c++) sums[target + 1 + c] = numbers[source + 1 + place[c]!]!;
    }
    this.logRatios = this.logProduct(0, at.TOTAL, from, to);
  }

  /** Sum by weight of the logarithms of a column: by its product, or with weights one by one. */
  private logProduct(which: number, column: number, from: number, to: number): number {
    const { numbers, at } = this.instance;
    const { weights } = this.moments;
    if (weights.length === 0)
      return Math.log(numbers[at.PRODUCTS + which]!) + Math.LN2 * numbers[at.PRODUCTS + which + 1]!;
    let sum = 0;
    for (let i = from; i < to; i++)
      if (weights[i]! !== 0) sum += weights[i]! * Math.log(numbers[column + i - from]!);
    return sum;
  }

  private readSpread(from: number, to: number): void {
    const { instance, moments, spread, products } = this;
    const { numbers, at } = instance;
    const { nRandom: q, weights } = moments;
    let people = to - from;
    if (weights.length > 0) {
      people = 0;
      for (let i = from; i < to; i++) people += weights[i]!;
    }
    this.logDeterminant =
      this.logProduct(2, at.DETERMINANT, from, to) - people * MOST_RANDOM * Math.log(this.variance);
    this.squares = numbers[at.SPREAD]!;
    // Random effects that the model does not have are of variance zero to the module: G is s2 there.
    const absent = (people * (MOST_RANDOM - q)) / this.variance;
    this.trace = numbers[at.SPREAD + 10]! - absent;
    this.trace2 = numbers[at.SPREAD + 11]! - absent / this.variance;
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) spread[a * q + b] = numbers[at.SPREAD + 7 + a + b]!;
    expandProducts(products, q, numbers.subarray(at.SPREAD + 1, at.SPREAD + 7));
  }
}

/** Columns of a basis of m columns (and of its W) among those of one of more. */
function places(m: number, columns: number): Int32Array {
  const out = new Int32Array(m + halfSize(m));
  for (let a = 0; a < m; a++) {
    out[a] = a;
    for (let b = a; b < m; b++) out[m + halfIndex(m, a, b)] = columns + halfIndex(columns, a, b);
  }
  return out;
}
