import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { buildMoments, type MomentRows, type Moments } from "../../../src/models/design/moments.js";
import { modelShapes, randomModel } from "../kernels/randomModel.js";

/** The rows of persons in another order. */
function reorder(rows: MomentRows, order: Int32Array): MomentRows {
  const start = [0];
  const picked: number[] = [];
  for (const person of order) {
    for (let r = rows.personStart[person]!; r < rows.personStart[person + 1]!; r++) picked.push(r);
    start.push(picked.length);
  }
  const take = (values: Float64Array, at: ArrayLike<number>): Float64Array =>
    Float64Array.from(at, (r) => values[r]!);
  return {
    ...rows,
    personStart: Int32Array.from(start),
    personIndex: Int32Array.from(order, (person) => rows.personIndex[person]!),
    basis: rows.basis.map((column) => take(column, picked)),
    outcome: take(rows.outcome, picked),
    person: rows.person.map((column) => take(column, order)),
    membership: rows.membership.map((column) => take(column, order)),
  };
}

/** One column, one row per person. */
function singles(values: Float64Array): Moments {
  return buildMoments({
    personStart: Int32Array.from({ length: values.length + 1 }, (_, i) => i),
    personIndex: Int32Array.from({ length: values.length }, (_, i) => i),
    basis: [values],
    outcome: new Float64Array(values.length).fill(1),
    nRandom: 0,
    person: [new Float64Array(values.length).fill(1)],
    membership: [new Float64Array(values.length).fill(1)],
  });
}

/** What a person contributes, by their index in the table. */
function byPerson(moments: Moments): Map<number, number[]> {
  const { nBasis: m, nPersonColumns: c, nMembership: v } = moments;
  const out = new Map<number, number[]>();
  for (let g = 0; g < moments.nPatterns; g++)
    for (let i = moments.patternStart[g]!; i < moments.patternStart[g + 1]!; i++)
      out.set(moments.personIndex[i]!, [
        moments.patternSessions[g]!,
        moments.yy[i]!,
        ...moments.by.subarray(i * m, (i + 1) * m),
        ...moments.btb.subarray(g * m * m, (g + 1) * m * m),
        ...moments.w.subarray(i * c, c > 1 ? (i + 1) * c : i * c),
        ...moments.v.subarray(i * v, v > 1 ? (i + 1) * v : i * v),
      ]);
  return out;
}

describe("moments", () => {
  test("are the cross-products of each person's rows", () => {
    fc.assert(
      fc.property(modelShapes(), (shape) => {
        const { rows, moments } = randomModel(shape);
        const contributions = byPerson(moments);
        expect(moments.nObservations).toBe(rows.outcome.length);
        expect(contributions.size).toBe(shape.nPersons);
        for (let i = 0; i < shape.nPersons; i++) {
          const [first, end] = [rows.personStart[i]!, rows.personStart[i + 1]!];
          const sum = (a: Float64Array, b: Float64Array): number => {
            let total = 0;
            for (let r = first; r < end; r++) total += a[r]! * b[r]!;
            return total;
          };
          expect(contributions.get(i)).toEqual([
            end - first,
            sum(rows.outcome, rows.outcome),
            ...rows.basis.map((column) => sum(column, rows.outcome)),
            ...rows.basis.flatMap((a) => rows.basis.map((b) => sum(a, b))),
            ...(rows.person.length > 1 ? rows.person.map((column) => column[i]!) : []),
            ...(rows.membership.length > 1 ? rows.membership.map((column) => column[i]!) : []),
          ]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("do not depend on the order of persons", () => {
    fc.assert(
      fc.property(modelShapes(), (shape) => {
        const { rows, moments } = randomModel(shape);
        const order = Int32Array.from({ length: shape.nPersons }, (_, i) => i);
        createStream(shape.seed, 3).shuffle(order);
        const again = buildMoments(reorder(rows, order));
        expect(again.nPatterns).toBe(moments.nPatterns);
        const expected = byPerson(moments);
        for (const [person, values] of byPerson(again)) expect(values).toEqual(expected.get(person));
      }),
      { numRuns: 60 },
    );
  });
});

describe("patterns", () => {
  test("are as many as there are different sets of rows", () => {
    const stream = createStream(11);
    const key: string[] = [];
    const times: number[] = [];
    const start = [0];
    for (let i = 0; i < 500; i++) {
      const own = Array.from({ length: 1 + stream.integer(3) }, () => stream.integer(3));
      times.push(...own);
      start.push(times.length);
      key.push(own.join());
    }
    const moments = buildMoments({
      personStart: Int32Array.from(start),
      personIndex: Int32Array.from({ length: 500 }, (_, i) => i),
      basis: [Float64Array.from(times, () => 1), Float64Array.from(times)],
      outcome: Float64Array.from(times, () => stream.normal()),
      nRandom: 1,
      person: [new Float64Array(500).fill(1)],
      membership: [new Float64Array(500).fill(1)],
    });
    expect(moments.nPatterns).toBe(new Set(key).size);
    // Everybody in a pattern has its rows.
    for (let g = 0; g < moments.nPatterns; g++) {
      const members = moments.personIndex.subarray(moments.patternStart[g]!, moments.patternStart[g + 1]!);
      expect(new Set(Array.from(members, (i) => key[i])).size).toBe(1);
    }
  });

  // Of 300,000 values about ten pairs share a 32-bit hash: merged, they would be fewer patterns.
  test("with equal hashes stay apart", () => {
    const stream = createStream(12);
    const values = Float64Array.from({ length: 300_000 }, () => stream.uniform());
    const { nPatterns } = singles(values);
    expect(nPatterns).toBe(new Set(values).size);
  });

  test("of one person, and of everybody alike", () => {
    expect(singles(Float64Array.of(3)).nPatterns).toBe(1);
    expect(singles(new Float64Array(1000).fill(2)).nPatterns).toBe(1);
  });
});
