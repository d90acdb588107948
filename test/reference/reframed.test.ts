import { test } from "vitest";
import { compareAll } from "./compareAll.js";
import { hasReframed, referenceModels } from "./fixtures.js";

compareAll("REFRAMED", referenceModels("reframed-models"), {
  packages: ["lme4", "nlme", "lcmm", "flexmix", "lavaan", "OpenMx"],
  nModels: 123,
  skip: !hasReframed,
});

test.skipIf(hasReframed)(
  "REFRAMED is not at ../shared/data/reframed_phq9.csv: its 123 models are not compared",
  () => {},
);
