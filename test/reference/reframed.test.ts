import { describe, expect, test } from "vitest";
import { fit as fitModel } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { expectAgreement } from "./agreement.js";
import { hasReframed, referenceModels, reframed } from "./fixtures.js";

// Several packages fitted the same model: it is fitted here once, from the default number of starts.
const fits = new Map<string, Promise<FitResult>>();
const models = referenceModels("reframed");

describe.skipIf(!hasReframed).each(["lme4", "nlme", "lcmm", "flexmix", "lavaan", "OpenMx"])(
  "%s on REFRAMED",
  (software) => {
    test.each(
      models
        .filter((model) => model.package.startsWith(software))
        .map((model) => [model.name, model] as const),
    )("%s", async (_, model) => {
      const key = JSON.stringify([model.where, model.spec]);
      const maximum = Number(model.where!.split("<=")[1]);
      const pending = fits.get(key) ?? fitModel(reframed(maximum), model.spec);
      fits.set(key, pending);
      expectAgreement(await pending, model);
    });
  },
);

test.skipIf(hasReframed)(
  "REFRAMED is not at ../shared/data/reframed_phq9.csv: its 100 models are not compared",
  () => {},
);

test("every reference model was looked at", () => {
  expect(models.length).toBe(100);
});
