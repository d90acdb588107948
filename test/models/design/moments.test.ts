import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStream } from "../../../src/core/random.js";
import { buildMoments, type MomentRows, type Moments } from "../../../src/models/design/moments.js";
import { fillRows, writeOutRows } from "../../../src/models/design/usedRows.js";
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

describe("moments of rows that are read stretch by stretch", () => {
  test("are those of the rows written out, for some rows of a table as for all", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), (seed, some) => {
        const stream = createStream(seed);
        const nRows = 60;
        const column = (draw: () => number): Float64Array => Float64Array.from({ length: nRows }, draw);
        const time = column(() => stream.integer(3));
        const rows = some ? Int32Array.from({ length: nRows / 2 }, (_, r) => 2 * r + 1) : null;
        const used = {
          nRows: rows?.length ?? nRows,
          rows,
          outcome: column(() => stream.normal()),
          time,
          centre: 0.7,
          basis: [{ power: 0 }, { power: 1 }, { power: 2 }, column(() => stream.integer(2))],
        };
        const scale = { outcomeMean: 0.1, outcomeSd: 2, basis: [1, 1.5, 3, 0.7] };
        const personStart = Int32Array.from({ length: used.nRows / 3 + 1 }, (_, i) => 3 * i);
        const nPersons = personStart.length - 1;
        const people = {
          personStart,
          personIndex: Int32Array.from({ length: nPersons }, (_, i) => 5 * i),
          nRandom: 2,
          person: [new Float64Array(nPersons).fill(1)],
          membership: [new Float64Array(nPersons).fill(1)],
        };
        const read = buildMoments({
          ...people,
          nBasis: 4,
          alike: [time, used.basis[3] as Float64Array],
          rows,
          fill: (...stretch) => fillRows(used, scale, ...stretch),
        });
        expect(read).toEqual(buildMoments({ ...people, ...writeOutRows(used, scale) }));
      }),
      { numRuns: 60 },
    );
  });

  test("hold persons longer than a stretch", () => {
    const lengths = [1, 5000, 2, 2047, 1, 2048];
    const personStart = Int32Array.from([
      0,
      ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0)),
    ]);
    const n = personStart.at(-1)!;
    const one = new Float64Array(lengths.length).fill(1);
    const { yy, personIndex, patternSessions } = buildMoments({
      personStart,
      personIndex: Int32Array.from(lengths, (_, i) => i),
      basis: [new Float64Array(n).fill(1)],
      outcome: Float64Array.from({ length: n }, (_, r) => r % 7),
      nRandom: 0,
      person: [one],
      membership: [one],
    });
    personIndex.forEach((person, at) => {
      let expected = 0;
      for (let r = personStart[person]!; r < personStart[person + 1]!; r++) expected += (r % 7) ** 2;
      expect(yy[at]).toBe(expected);
    });
    expect([...patternSessions]).toEqual([1, 5000, 2, 2047, 2048]);
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
