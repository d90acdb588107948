import { quadratic, SMALL } from "../cohorts.js";
import { fitting, ONE_START } from "../fitting.js";
import { quotedPeer } from "../peers.js";
import type { Case } from "../types.js";

const MANY_STARTS = { startsInitial: 100, startsFinal: 20 };
const LCMM = quotedPeer(
  "lcmm",
  "2.2.2",
  "hlme(3 classes, quadratic, random intercept and slope), one start",
  37.6,
  "lcmm is not in Debian: measured by the maintainers on a machine of two Zen 4 cores, on the same kind of data",
);

export const mixtures: readonly Case[] = [
  {
    name: "mixture",
    title: "3-class growth mixture, 2,000 people, one start",
    group: "quick",
    timed:
      "quadratic, random intercept and slope; table in memory to result, moments and standard errors included",
    targets: [
      { measure: "fit", atMostSeconds: 0.19 },
      { measure: "fit", peer: "lcmm", timesAsFast: 200 },
    ],
    measure: fitting({
      cohort: SMALL,
      model: quadratic("session", { classes: 3 }),
      options: ONE_START,
      runs: 15,
      reference: MANY_STARTS,
      quoted: [LCMM],
    }),
  },
  {
    name: "mixture-starts",
    title: "3-class growth mixture, 2,000 people, 100 starts",
    group: "quick",
    timed: "100 starts screened, the best 20 carried to convergence, on all cores",
    targets: [{ measure: "fit", atMostSeconds: 3 }],
    measure: fitting({
      cohort: SMALL,
      model: quadratic("session", { classes: 3 }),
      options: MANY_STARTS,
      workers: "auto",
      runs: 5,
    }),
  },
  {
    name: "lcga",
    title: "3-class latent class growth, 2,000 people, one start",
    group: "quick",
    timed: "quadratic, no random effects, a residual variance per class; table in memory to result",
    targets: [{ measure: "fit", peer: "flexmix", timesAsFast: 20 }],
    measure: fitting({
      cohort: SMALL,
      model: quadratic("session", { random: "0", classes: 3, residual: "class" }),
      options: ONE_START,
      runs: 15,
      reference: MANY_STARTS,
      peers: [
        {
          name: "flexmix",
          script: "flexmix.R",
          runs: 7,
          tolerance: 0.05,
          because: "it divides the residual sum of squares by n - p, so it ends a little below the maximum",
        },
      ],
    }),
  },
];
