import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Cohort, type PrepSpecInput, prepare } from "symptom-trajectories/prep";
import { time } from "../../measure.js";
import { DATA } from "../../paths.js";
import { csvFile, parquetFile, quadratic, REGULAR } from "../cohorts.js";
import { momentsOf } from "../engine.js";
import type { Case, Measured } from "../types.js";

const PERSONS = 100_000;
const SESSIONS = 10;

/** Deterministic rows: a person in ten has an impossible score, one in a hundred a doubled session. */
function* messyLines(): Generator<string> {
  yield "id,session,date,phq9,gad7,age,sex,imd\n";
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let p = 0; p < PERSONS; p++) {
    const id = String(p).padStart(7, "0");
    const person = `${18 + next(60)},${next(2) === 0 ? "female" : "male"},${1 + next(10)}`;
    const start = Date.UTC(2020, 0, 1 + next(1000));
    let text = "";
    for (let s = 0; s < SESSIONS; s++) {
      const date = new Date(start + (7 * s + next(4)) * 86_400_000).toISOString().slice(0, 10);
      const phq9 = s === 3 && p % 10 === 0 ? 99 : next(28);
      const session = s === 5 && p % 100 === 0 ? 4 : s;
      text += `${id},${session},${date},${phq9},${next(22)},${person}\n`;
    }
    yield text;
  }
}

/** Rows read are rows used and rows set aside, and nobody is lost. */
function checkAccount({ ledger, long }: Cohort, rows: number, persons: number): void {
  const aside = ledger.setAside.reduce((sum, reason) => sum + reason.rows, 0);
  if (ledger.read !== rows || ledger.used + aside !== rows || long.nPersons !== persons)
    throw new Error(`the account of rows is wrong: ${JSON.stringify(ledger)}`);
}

async function measureMessy(): Promise<Measured> {
  mkdirSync(DATA, { recursive: true });
  const data = join(DATA, "messy.csv");
  await pipeline(Readable.from(messyLines(), { objectMode: false }), createWriteStream(data));
  const input: Omit<PrepSpecInput, "time"> = {
    data,
    id: "id",
    measures: ["phq9", "gad7"],
    covariates: ["age", "sex", "imd", { name: "age_c", expression: "(age - 40) / 10" }],
    exclusions: ["age >= 18"],
  };
  const timed = (axis: PrepSpecInput["time"]) =>
    time(
      5,
      () => prepare({ ...input, time: axis }),
      (cohort) => checkAccount(cohort, PERSONS * SESSIONS, PERSONS),
    );
  return {
    persons: PERSONS,
    rows: PERSONS * SESSIONS,
    logLikelihood: null,
    checked: "rows read are rows used and rows set aside; everybody is there",
    measures: [
      { name: "sessions as time", seconds: await timed({ column: "session" }) },
      { name: "dates as time", seconds: await timed({ column: "date", kind: "date" }) },
    ],
    peers: [],
  };
}

async function measureYear(): Promise<Measured> {
  const file = await parquetFile(await csvFile(`process-${REGULAR.nPersons}`, REGULAR));
  const input: PrepSpecInput = { data: file, id: "id", time: { column: "session" }, measures: ["phq9"] };
  const first = await prepare(input);
  const [rows, persons] = [first.ledger.read, REGULAR.nPersons!];
  const read = await time(
    3,
    () => prepare(input),
    (cohort) => checkAccount(cohort, rows, persons),
  );
  const peakOfReading = peakMemoryMb();
  const moments = await time(
    3,
    () => momentsOf(first.long, quadratic("session", { classes: 4 })),
    ({ data }) => {
      if (data.moments.nPersons !== persons) throw new Error(`moments of ${data.moments.nPersons} people`);
    },
  );
  return {
    ...{ persons, rows, logLikelihood: null, peers: [] },
    checked: "every row is used or set aside, and everybody has moments",
    measures: [
      { name: "file to table", seconds: read, peakMemoryMb: peakOfReading },
      { name: "table to moments", seconds: moments, peakMemoryMb: peakMemoryMb() },
    ],
  };
}

/** Largest resident memory of this process so far. */
function peakMemoryMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

export const preparations: readonly Case[] = [
  {
    name: "prep",
    title: "Preparation of 1,000,000 messy rows (CSV)",
    group: "standard",
    timed: "file to long table, with all checks, the account of rows and the person table",
    targets: [
      { measure: "sessions as time", atMostSeconds: 2 },
      { measure: "dates as time", atMostSeconds: 2 },
    ],
    measure: measureMessy,
  },
  {
    name: "year-read",
    title: "1,000,000 people, 8 million rows (Parquet), from file to moments",
    group: "standard",
    timed:
      "file to long table with its account of rows and person table, then the moments of a quadratic model",
    targets: [{ measure: "table to moments", atMostSeconds: 2 }],
    measure: measureYear,
  },
];
