import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type LongTable, tableFromArrays } from "../../src/core/table.js";
import { fit } from "../../src/models/fitModel.js";
import { profileIntervals } from "../../src/models/profile.js";
import type { ModelSpecInput } from "../../src/models/spec.js";
import { sim600 } from "./fixtures.js";

/** Intervals by other software: standard deviations and correlations. */
interface ProfileReference {
  readonly name: string;
  readonly package: string;
  readonly interval: string;
  readonly data: "sim600" | "boundary";
  readonly reml: boolean;
  readonly spec: Partial<ModelSpecInput>;
  readonly logLik: number;
  readonly limits: Readonly<Record<string, readonly [number, number]>>;
}

const references = JSON.parse(
  readFileSync(new URL("./profile-lme4.json", import.meta.url), "utf8"),
) as ProfileReference[];

const nearlyNoSlope = (): LongTable => {
  const [, ...lines] = readFileSync(new URL("./profile-boundary.csv", import.meta.url), "utf8")
    .trim()
    .split("\n");
  const cells = lines.map((line) => line.split(","));
  return tableFromArrays(
    cells.map((row) => row[0]!),
    { time: cells.map((row) => Number(row[1])), score: cells.map((row) => Number(row[2])) },
    "time",
  );
};

const tables = {
  sim600: { table: sim600(), outcome: "phq9", time: "session" },
  boundary: { table: nearlyNoSlope(), outcome: "score", time: "time" },
};

/**
 * Relative to the size of a standard deviation, absolute for correlations. lme4's limits come from a spline through its profile: with steps of
 * a twentieth of the cut-off good to 1e-6, with its default steps to 1e-3. glmmTMB's root search stops at about 1e-5. Ours are exact to 1e-7
 * of the log-likelihood.
 */
const toleranceOf = (reference: ProfileReference): number => {
  if (reference.package.startsWith("glmmTMB")) return 2e-5;
  return reference.interval.includes("delta.cutoff=1/20") ? 1e-6 : 1e-3;
};

describe("profile intervals against lme4 (ML) and glmmTMB (ML and REML)", () => {
  test.each(references.map((reference) => [reference.name, reference.package, reference] as const))(
    "%s, %s",
    async (_name, _package, reference) => {
      const { table, ...columns } = tables[reference.data];
      const result = await fit(table, { ...columns, ...reference.spec, reml: reference.reml });
      if (!reference.reml) expect(result.logLikelihood).toBeCloseTo(reference.logLik, 4);
      const intervals = await profileIntervals(table, result);
      const found = new Map(intervals.map((interval) => [interval.name, interval]));
      for (const [name, limits] of Object.entries(reference.limits)) {
        const isSd = name.startsWith("sd(");
        const own = found.get(name.replace(/^sd/, "var"))!;
        expect(own, name).toBeDefined();
        expect(own.reason).toBeNull();
        const onScale = (value: number | null): number => (isSd ? Math.sqrt(value!) : value!);
        const scale = name.startsWith("cor") ? 1 : Math.abs(limits[1]);
        const tolerance = toleranceOf(reference) * scale;
        expect(Math.abs(onScale(own.lower) - limits[0]), `${name} lower`).toBeLessThan(tolerance);
        expect(Math.abs(onScale(own.upper) - limits[1]), `${name} upper`).toBeLessThan(tolerance);
      }
    },
  );
});
