import type { Case } from "../types.js";
import { enumerations } from "./enumeration.js";
import { growthCurves } from "./growthCurve.js";
import { kernels } from "./kernel.js";
import { mixtures } from "./mixtures.js";
import { nationalYear } from "./nationalYear.js";
import { preparations } from "./preparation.js";
import { startUps } from "./startUp.js";

/** Every case, in the order in which they run and are shown. */
export const CASES: readonly Case[] = [
  ...startUps,
  ...preparations,
  ...growthCurves,
  ...mixtures,
  ...nationalYear,
  ...enumerations,
  ...kernels,
];
