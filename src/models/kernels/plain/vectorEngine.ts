import { type Moments, weightBetween } from "../../design/moments.js";
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
  varied(
    nPeople: number,
    nClasses: number,
    l00: number,
    l10: number,
    l11: number,
    variance: number,
    information: boolean,
  ): number;
  normalise(nPeople: number, nClasses: number): void;
  sums(nPeople: number, nClasses: number, all: boolean, normalised: boolean, weighted: boolean): void;
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

/** Numbers from SPREAD on. */
const SPREAD_NUMBERS = 12;
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
  /** Of the module, in the blocks since the last beginning. */
  private columnsInUse = 0;

  constructor(
    private readonly instance: Instance,
    moments: Moments,
    nClasses: number,
  ) {
    super(moments, nClasses);
    this.takesVaried = moments.nRandom <= MOST_RANDOM;
    this.place = places(moments.nBasis, instance.columns);
  }

  beginAlike(ratios: Float64Array): void {
    this.clear();
    this.writeRatios(ratios, this.moments.nBasis);
    this.columnsInUse = this.instance.columns;
    this.clearSums();
  }

  alike(from: number, to: number, posteriors: Float64Array | undefined): boolean {
    const { instance, moments, nClasses } = this;
    this.writePeople(from, to);
    if (instance.call.alike(to - from, nClasses) === 0) return false;
    if (moments.weights.length > 0)
      instance.numbers.set(moments.weights.subarray(from, to), instance.at.WEIGHT);
    this.finishBlock(from, to, false, posteriors);
    return true;
  }

  override beginVaried(model: VariedModel): void {
    super.beginVaried(model);
    const { mu, ratios } = model;
    const { instance, moments, nClasses } = this;
    const { numbers, at, columns } = instance;
    const m = moments.nBasis;
    this.writeRatios(ratios, m + halfSize(m));
    numbers.fill(0, at.MU, at.MU + nClasses * columns);
    for (let k = 0; k < nClasses; k++)
      for (let a = 0; a < m; a++) numbers[at.MU + k * columns + a] = mu[k * m + a]!;
    this.columnsInUse = columns + halfSize(columns);
    this.clearSums();
    if (moments.weights.length === 0) numbers.fill(1, at.WEIGHT, at.WEIGHT + PEOPLE_PER_BLOCK);
  }

  varied(pattern: number, from: number, to: number, posteriors: Float64Array | undefined): boolean {
    const { instance, moments, nClasses, factor, variance, information } = this;
    const n = to - from;
    this.writePeople(from, to);
    this.writePatterns(pattern, from, to);
    if (instance.call.varied(n, nClasses, factor[0]!, factor[1]!, factor[2]!, variance, information) === 0)
      return false;
    this.finishBlock(from, to, true, posteriors);
    this.addVaried(weightBetween(moments, from, to), this.logProduct(2, instance.at.DETERMINANT, from, to));
    return true;
  }

  end(): void {
    const { instance, nClasses, place, sums, columnsInUse } = this;
    const { numbers, at, columns } = instance;
    const { nBasis: m, nRandom: q } = this.moments;
    const varied = columnsInUse > columns;
    const nColumns = varied ? m + halfSize(m) : m;
    for (let k = 0; k < nClasses; k++) {
      const source = at.SUMS + k * (1 + columnsInUse);
      const target = k * (1 + nColumns);
      sums[target] = numbers[source]!;
      for (let c = 0; c < nColumns; c++) sums[target + 1 + c] = numbers[source + 1 + place[c]!]!;
    }
    if (!varied) return;
    this.squares = numbers[at.SPREAD]!;
    this.trace += numbers[at.SPREAD + 10]!;
    this.trace2 += numbers[at.SPREAD + 11]!;
    for (let a = 0; a < q; a++)
      for (let b = 0; b < q; b++) this.spread[a * q + b] = numbers[at.SPREAD + 7 + a + b]!;
    expandProducts(this.products, q, numbers.subarray(at.SPREAD + 1, at.SPREAD + 7));
  }

  private clearSums(): void {
    const { instance, nClasses, columnsInUse } = this;
    const { numbers, at } = instance;
    numbers.fill(0, at.SUMS, at.SUMS + nClasses * (1 + columnsInUse));
    numbers.fill(0, at.SPREAD, at.SPREAD + SPREAD_NUMBERS);
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
    if (weights.length > 0) numbers.set(weights.subarray(from, to), at.WEIGHT);
    const size = columns * columns;
    let g = first;
    for (let i = from; i < to; i++) {
      while (i >= patternStart[g + 1]!) g++;
      whole[at.PATTERN + i - from] = (g - first) * size * 8;
    }
    // The last block of a segment may be short, and what follows it holds no person.
    for (let i = n; i < ((n + 3) & ~3); i++) {
      numbers[at.WEIGHT + i] = 0;
      whole[at.PATTERN + i] = 0;
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
  private finishBlock(from: number, to: number, all: boolean, posteriors: Float64Array | undefined): void {
    const { instance, moments, nClasses } = this;
    const { numbers, at, call } = instance;
    const n = to - from;
    const weighted = moments.weights.length > 0;
    const normalised = weighted || posteriors !== undefined;
    if (normalised) call.normalise(n, nClasses);
    if (posteriors !== undefined)
      for (let k = 0; k < nClasses; k++) {
        const column = at.POSTERIOR + k * PEOPLE_PER_BLOCK;
        for (let i = 0; i < n; i++) posteriors[(from + i) * nClasses + k] = numbers[column + i]!;
      }
    call.sums(n, nClasses, all, normalised, weighted);
    this.logRatios += this.logProduct(0, at.TOTAL, from, to);
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
