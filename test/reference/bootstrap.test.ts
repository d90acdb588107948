import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { shapeOfFit } from "../../src/models/bootstrap/jobs.js";
import { refit, sampleLikelihood, warmStart } from "../../src/models/bootstrap/refit.js";
import { bootstrap } from "../../src/models/bootstrap.js";
import { fit } from "../../src/models/fitModel.js";
import { reportedValues } from "../../src/models/parameters/reported.js";
import { allocateFor, unpackInto } from "../../src/models/parameters.js";
import { readFittedPeople } from "../../src/models/persons/people.js";
import type { FitResult } from "../../src/models/result.js";
import { sim600 } from "./fixtures.js";

/** What `r/bootstrap.R` wrote: estimates are in the order of `names`, then the log-likelihood. */
interface BootstrapReference {
  readonly replicates: number;
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly samples: readonly { readonly counts: readonly number[]; readonly estimates: readonly number[] }[];
  readonly estimates: readonly number[];
  readonly standardErrors: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

const reference = JSON.parse(
  readFileSync(new URL("bootstrap-sim600.json", import.meta.url), "utf8"),
) as BootstrapReference;

describe("bootstrap of a growth curve by lme4", () => {
  const table = sim600();
  const times = new Map(table.personIds.map((id, i) => [id, i]));
  let result: FitResult;
  beforeAll(async () => {
    result = await fit(table, { outcome: "phq9", time: "week", fixed: "1 + week", random: "1 + week" });
  });

  test("the same people drawn give the same estimates", () => {
    const people = readFittedPeople(result, table);
    const { data, layout, design } = people;
    const { moments } = data;
    expect(result.parameters.map(({ name }) => name)).toEqual(reference.names);
    for (const { counts, estimates } of reference.samples) {
      const byPerson = new Float64Array(table.nPersons);
      reference.ids.forEach((id, j) => {
        byPerson[times.get(id)!] = counts[j]!;
      });
      const weights = Float64Array.from(moments.personIndex, (i) => byPerson[i]!);
      const sample = sampleLikelihood(
        { ...data, moments: { ...moments, weights } },
        shapeOfFit(people, result),
      );
      const own = refit(sample, warmStart(layout, people.x), 500);
      expect(own.failure).toBeNull();
      const parameters = allocateFor(layout);
      unpackInto(layout, own.x, parameters);
      // bobyqa stops within about 1e-8 of its own parameters, which leaves 1e-5 of a variance.
      reportedValues(layout, design.stored, parameters).forEach((value, j) => {
        expect(Math.abs(value - estimates[j]!), reference.names[j]).toBeLessThan(
          1e-4 * Math.max(0.1, Math.abs(estimates[j]!)),
        );
      });
      let rows = 0;
      for (let i = 0; i < table.nPersons; i++)
        rows += byPerson[i]! * (table.personStart[i + 1]! - table.personStart[i]!);
      const logLikelihood = own.logLikelihood - rows * Math.log(design.stored.scaling.outcomeSd);
      expect(logLikelihood).toBeCloseTo(estimates.at(-1)!, 5);
    }
  });

  test("errors and intervals agree within what 2,000 and 1,000 replicates leave to chance", async () => {
    const own = await bootstrap(table, result, { replicates: 1000 });
    expect(own.replicates.used).toBe(1000);
    own.parameters.forEach(({ estimate, standardError, lower, upper }, j) => {
      const name = reference.names[j]!;
      const error = reference.standardErrors[j]!;
      expect(Math.abs(estimate - reference.estimates[j]!), name).toBeLessThan(1e-3 * error);
      // sqrt(1 / 4000 + 1 / 2000) = 2.7% of a standard error; four of them.
      expect(Math.abs(standardError! / error - 1), name).toBeLessThan(0.11);
      // An end of an interval: sqrt(0.025 0.975 / B) / 0.058 standard errors, 0.10 for both; four of them.
      expect(Math.abs(lower! - reference.lower[j]!) / error, name).toBeLessThan(0.42);
      expect(Math.abs(upper! - reference.upper[j]!) / error, name).toBeLessThan(0.42);
    });
  });
});
