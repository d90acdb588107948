import { curveBands } from "../../src/models/inference/bands.js";
import type { ReportInput } from "../../src/report/input.js";
import { makeEnumeration, makeFit, makeInput, makeThreeStep } from "./fixtures.js";

/** Text that must never act: tags, attributes, entities, CSV quotes, line breaks, other scripts, great length. */
export const NASTY = `<script>alert("x")</script><img src=x onerror='alert(1)'>&amp; "a,b"\n${"long ".repeat(40)}中文 Łódź`;

/** Inputs that a report has to survive, by name. */
export function hardInputs(): Readonly<Record<string, ReportInput>> {
  const input = makeInput();
  const { chosen } = input;
  const one = makeFit({ classes: 1, persons: 80 });
  const fifty = makeFit({ classes: 50, persons: 400 });
  const noErrors: ReportInput["chosen"] = {
    ...chosen,
    parameters: chosen.parameters.map((each) => ({
      ...each,
      standardError: null,
      robustStandardError: null,
      z: null,
      p: null,
      lower: null,
      upper: null,
    })),
    classes: chosen.classes.map((each) => ({
      ...each,
      meanTrajectory: {
        ...each.meanTrajectory,
        ...curveBands(each.meanTrajectory.mean, null),
      },
    })),
  };
  const empty: ReportInput["chosen"] = {
    ...chosen,
    logLikelihood: Number.NaN,
    criteria: { ...chosen.criteria, entropy: Number.NaN, bic: Number.POSITIVE_INFINITY },
    classes: chosen.classes.map((each, k) =>
      k > 0
        ? each
        : {
            ...each,
            proportion: 0,
            assigned: 0,
            averagePosterior: null,
            oddsOfCorrectClassification: null,
            meanTrajectory: { time: [], mean: [], ...curveBands([], null) },
            observedMeans: { time: [], observed: [], fitted: [], weight: [] },
          },
    ),
  };
  const wild = makeThreeStep();
  const nasty: ReportInput = {
    ...input,
    title: NASTY,
    timeLabel: NASTY,
    measure: { ...input.measure, name: "</style>", label: `PHQ <9> & "co"` },
    cohort: {
      ...input.cohort,
      ledger: { read: 0, used: 0, setAside: [{ reason: NASTY, description: NASTY, rows: 0 }] },
      notes: [NASTY],
      outcomes: [{ outcome: NASTY, yes: 0, no: 0, notEligible: 3, missing: 0, rate: null }],
      sources: [{ path: NASTY, rows: 1, sha256: NASTY }],
    },
    chosen: {
      ...chosen,
      warnings: [NASTY],
      parameters: chosen.parameters.map((each) => ({ ...each, name: NASTY })),
      convergence: {
        ...chosen.convergence,
        verdicts: [{ name: "converged on a boundary", sentence: NASTY, advice: NASTY }],
      },
    },
    enumeration: {
      ...makeEnumeration(3),
      explanation: NASTY,
      rows: makeEnumeration(3).rows.map((row) => ({ ...row, structure: NASTY, excludedBecause: [NASTY] })),
    },
    otherFits: [
      { name: NASTY, fit: one },
      { name: NASTY, fit: one },
    ],
    regressions: [
      {
        ...wild,
        formula: NASTY,
        oddsRatios: wild.oddsRatios.map((each, i) => ({
          ...each,
          term: `${NASTY} ${each.term}`,
          ...(i % 3 === 0 ? { standardError: null, lower: null, upper: null, z: null, p: null } : {}),
          ...(i % 5 === 0 ? { oddsRatio: 1e12, lower: 0, upper: Number.POSITIVE_INFINITY } : {}),
        })),
      },
    ],
  };
  return {
    ordinary: input,
    "one class, nothing else": {
      ...input,
      chosen: one,
      long: one.table,
      enumeration: null,
      regressions: [],
      otherFits: [],
    },
    "fifty classes": {
      ...input,
      chosen: fifty,
      long: fifty.table,
      regressions: [makeThreeStep(50, ["age"])],
    },
    "no standard errors": { ...input, chosen: noErrors },
    "an empty class": { ...input, chosen: empty },
    "hostile names": nasty,
    "no persons in the posteriors": {
      ...input,
      chosen: {
        ...chosen,
        posteriors: {
          personIds: [],
          nClasses: 4,
          values: new Float64Array(0),
          modalClass: new Int32Array(0),
        },
      },
    },
  };
}
