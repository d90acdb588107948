import { afterAll, describe, expect, test } from "vitest";
import { fit as fitModel } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { type Agreement, expectAgreement } from "./agreement.js";
import { dataOf, referenceModels } from "./fixtures.js";
import { recordAgreement } from "./record.js";

/** 100 starts of a mixture that looks at each row take seconds, and many times that on a busy machine. */
const TIMEOUT_MS = 120_000;

// Several packages fitted the same model: it is fitted here once, from the default number of starts.
const fits = new Map<string, Promise<FitResult>>();
const found: Agreement[] = [];
const models = [...referenceModels("sim600-models"), ...referenceModels("sim600-structures")];

describe.each(["lme4", "nlme", "lcmm", "flexmix", "lavaan", "OpenMx", "TMB"])("%s on sim600", (software) => {
  test.each(
    models.filter((model) => model.package.startsWith(software)).map((model) => [model.name, model] as const),
  )(
    "%s",
    async (_, model) => {
      const key = JSON.stringify([model.where, model.spec]);
      const pending = fits.get(key) ?? fitModel(dataOf(model), model.spec);
      fits.set(key, pending);
      found.push(expectAgreement(await pending, model));
    },
    TIMEOUT_MS,
  );
});

test("every reference model was looked at", () => {
  expect(models.length).toBe(255);
});

afterAll(() => recordAgreement("sim600", found));
