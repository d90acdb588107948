import { IRREGULAR, LARGE, quadratic, REGULAR } from "../cohorts.js";
import { fitting, ONE_START } from "../fitting.js";
import type { Case } from "../types.js";
import { processFit } from "../wholeProcess.js";

const SEVERAL_STARTS = { startsInitial: 20, startsFinal: 5 };
const TIMED =
  "quadratic, random intercept and slope; moments from the table in memory, then the fit on all cores, standard errors included";

export const nationalYear: readonly Case[] = [
  {
    name: "year",
    title: "4-class growth mixture, 1,000,000 people, regular sessions, one start",
    group: "standard",
    timed: TIMED,
    targets: [
      { measure: "moments", atMostSeconds: 2 },
      { measure: "fit", atMostSeconds: 4 },
    ],
    measure: fitting({
      cohort: REGULAR,
      model: quadratic("session", { classes: 4 }),
      options: ONE_START,
      workers: "auto",
      runs: 3,
      apart: true,
      reference: SEVERAL_STARTS,
    }),
  },
  {
    name: "year-process",
    title: "4-class growth mixture, 1,000,000 people, one start, as a command on a Parquet file",
    group: "standard",
    timed: "`symtraj fit` from process start to process end",
    targets: [{ measure: "process", atMostMb: 3000 }],
    measure: processFit({
      cohort: REGULAR,
      format: "parquet",
      model: quadratic("session", { classes: 4 }),
      options: { startsInitial: 1, startsFinal: 1 },
      runs: 2,
    }),
  },
  {
    name: "year-irregular",
    title: "4-class growth mixture, 1,000,000 people, irregular weeks, one start",
    group: "standard",
    timed: TIMED,
    targets: [{ measure: "fit", atMostSeconds: 12 }],
    measure: fitting({
      cohort: IRREGULAR,
      model: quadratic("week", { classes: 4 }),
      options: ONE_START,
      workers: "auto",
      runs: 3,
      warmUps: 0,
      apart: true,
      reference: { startsInitial: 8, startsFinal: 2 },
    }),
  },
  {
    name: "year-starts",
    title: "4-class growth mixture, 1,000,000 people, regular sessions, 20 starts",
    group: "standard",
    timed: "20 starts screened, the best 5 carried to convergence, on all cores; moments apart",
    targets: [{ measure: "fit", atMostSeconds: 30 }],
    measure: fitting({
      cohort: REGULAR,
      model: quadratic("session", { classes: 4 }),
      options: SEVERAL_STARTS,
      workers: "auto",
      runs: 3,
      warmUps: 0,
      apart: true,
    }),
  },
  {
    name: "csv-process",
    title: "4-class growth mixture, 200,000 people, one start, as a command on a CSV file",
    group: "standard",
    timed: "`symtraj fit` from process start to process end",
    targets: [
      { measure: "process", atMostSeconds: 5 },
      { measure: "process", atMostMb: 1500 },
    ],
    measure: processFit({
      cohort: LARGE,
      format: "csv",
      model: quadratic("session", { classes: 4 }),
      options: { startsInitial: 1, startsFinal: 1 },
      runs: 3,
      reference: SEVERAL_STARTS,
    }),
  },
];
