import { compareAll } from "./compareAll.js";
import { referenceModels } from "./fixtures.js";

compareAll("sim600", [...referenceModels("sim600-models"), ...referenceModels("sim600-structures")], {
  packages: ["lme4", "nlme", "lcmm", "flexmix", "lavaan", "OpenMx", "TMB"],
  nModels: 255,
});
