import { describe, expect, test } from "vitest";
import { fit as fitModel } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { expectAgreement } from "./agreement.js";
import { referenceModels, sim600 } from "./fixtures.js";

// Several packages fitted the same model: it is fitted here once, from the default number of starts.
const fits = new Map<string, Promise<FitResult>>();
const models = referenceModels("sim600");

describe.each(["lme4", "nlme", "lcmm", "flexmix", "lavaan", "OpenMx"])("%s on sim600", (software) => {
  test.each(
    models.filter((model) => model.package.startsWith(software)).map((model) => [model.name, model] as const),
  )("%s", async (_, model) => {
    const key = JSON.stringify([model.where, model.spec]);
    const maximum = model.where === undefined ? undefined : Number(model.where.split("<=")[1]);
    const pending = fits.get(key) ?? fitModel(sim600(maximum), model.spec);
    fits.set(key, pending);
    expectAgreement(await pending, model);
  });
});

test("every reference model was looked at", () => {
  expect(models.length).toBe(166);
});
