import { expect, test } from "vitest";
import { InputError } from "../../src/core/errors.js";
import { fitFromJson, fitToJson, posteriorFile } from "../../src/report/fitJson.js";
import { makeFit } from "./fixtures.js";

const { table: _, ...fit } = makeFit({ persons: 60 });

test("inline posteriors: the way there and back changes nothing", () => {
  const text = JSON.stringify(fitToJson(fit, { posteriors: "inline" }));
  expect(fitFromJson(JSON.parse(text))).toEqual(fit);
});

test("numbers that JSON lacks come back as they were", () => {
  const strange = {
    ...fit,
    logLikelihood: Number.NEGATIVE_INFINITY,
    convergence: { ...fit.convergence, gradientCriterion: Number.NaN },
    posteriors: {
      ...fit.posteriors,
      personIds: fit.posteriors.personIds.map((id, i) => (i === 0 ? "NaN" : id)),
    },
  };
  const back = fitFromJson(JSON.parse(JSON.stringify(fitToJson(strange, { posteriors: "inline" }))));
  expect(back).toEqual(strange);
});

test("posteriors elsewhere: the JSON names the file, and takes them back", () => {
  const stored = JSON.parse(JSON.stringify(fitToJson(fit, { posteriors: { file: "../memberships.csv" } })));
  expect(posteriorFile(stored)).toBe("../memberships.csv");
  expect(JSON.stringify(stored)).not.toContain("P0001");
  expect(fitFromJson(stored).posteriors).toMatchObject({ personIds: [], nClasses: 4 });
  expect(fitFromJson(stored, fit.posteriors)).toEqual(fit);
});

test("no posteriors at all", () => {
  const stored = fitToJson(fit);
  expect(posteriorFile(stored)).toBeNull();
  expect(fitFromJson(stored).posteriors.modalClass).toHaveLength(0);
});

test.each([
  [null],
  [[1]],
  [{}],
  [{ formatVersion: 2 }],
  [{ ...fitToJson(fit), classes: undefined, formatVersion: 7 }],
])("%# something else is refused with what was expected", (json) => {
  expect(() => fitFromJson(json)).toThrow(InputError);
  expect(() => fitFromJson(json)).toThrow(/[Ee]xpected/);
});
