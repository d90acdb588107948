import { GROWTH, quadratic } from "../cohorts.js";
import { fitting } from "../fitting.js";
import type { Case } from "../types.js";

const SAME_MODEL = "the same maximum, as closely as its optimiser stops";

export const growthCurves: readonly Case[] = [
  {
    name: "growth",
    title: "Growth curve, 100,000 people",
    group: "standard",
    timed:
      "quadratic, random intercept and slope; table in memory to result, moments and standard errors included",
    targets: [{ measure: "fit", peer: "lme4", timesAsFast: 50 }],
    measure: fitting({
      cohort: GROWTH,
      model: quadratic("session"),
      runs: 9,
      peers: [{ name: "lme4", script: "growth.R", runs: 3, tolerance: 1e-3, because: SAME_MODEL }],
    }),
  },
  {
    name: "packages",
    title: "Growth curve, 10,000 people, regular sessions",
    group: "standard",
    timed: "the same model on regular sessions, which the packages for latent growth curves need",
    targets: [],
    measure: fitting({
      cohort: { nPersons: 10_000, seed: 4, regular: true },
      model: quadratic("session"),
      runs: 15,
      peers: [
        { name: "lme4", script: "growth.R", runs: 5, tolerance: 1e-3, because: SAME_MODEL },
        { name: "nlme", script: "growth.R", runs: 3, tolerance: 1e-2, because: SAME_MODEL },
        { name: "glmmTMB", script: "growth.R", runs: 1, tolerance: 1e-2, because: SAME_MODEL },
        { name: "lavaan", script: "growth.R", runs: 3, tolerance: 1e-2, because: SAME_MODEL },
        { name: "OpenMx", script: "growth.R", runs: 3, tolerance: 1e-2, because: SAME_MODEL },
      ],
    }),
  },
];
