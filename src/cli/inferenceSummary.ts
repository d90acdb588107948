import type { BootstrapResult } from "../models/bootstrap/types.js";
import { parameterKey } from "../models/inference/names.js";
import type { WaldTest } from "../models/inference/types.js";
import type { Influence } from "../models/influence.js";
import type { ProfileInterval } from "../models/profile.js";
import { formatP, formatPercent, MISSING, plural, statisticText } from "../report/format.js";
import type { FurtherInference } from "../report/input.js";
import { fixed, listed, textTable, trim, wrapped } from "./text.js";

/**
 * Words what was done beyond a fit: tests, profile intervals, bootstrap, influence.
 * @param inference - what was done
 * @returns text, ending in a line break; empty where there is nothing
 */
export function inferenceSummary(inference: FurtherInference): string {
  const { tests, profileIntervals, bootstrap, influence } = inference;
  const lines = [
    ...(tests === undefined ? [] : testLines(tests)),
    ...(profileIntervals === undefined ? [] : profileLines(profileIntervals)),
    ...(bootstrap === undefined ? [] : bootstrapLines(bootstrap)),
    ...(influence === undefined ? [] : influenceLines(influence)),
  ];
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function testLines(tests: readonly WaldTest[]): string[] {
  if (tests.length === 0) return [];
  const rows = tests.map((test) => [
    test.hypotheses.join(", "),
    test.estimates.length === 1 ? fixed(test.estimates[0]!, 4) : "",
    statisticText(test),
    formatP(test.p),
  ]);
  const reasons = tests.flatMap(({ hypotheses, reason }) =>
    reason === null ? [] : [`${hypotheses.join(", ")}: ${reason}`],
  );
  return [
    tests[0]!.covariance === "robust"
      ? "Tests asked for (Wald, by robust standard errors)"
      : "Tests asked for (Wald)",
    ...textTable(["hypothesis", "difference", "statistic", "p"], rows),
    "",
    ...listed("Not tested", reasons),
  ];
}

function profileLines(intervals: readonly ProfileInterval[]): string[] {
  if (intervals.length === 0) return ["The model has no variance to profile.", ""];
  const classes = intervals.some((each) => each.class !== null);
  const bounded = intervals.some((each) => each.lowerBoundary || each.upperBoundary);
  const rows = intervals.map((each) => [
    each.name,
    ...(classes ? [each.class === null ? "all" : String(each.class)] : []),
    fixed(each.estimate, 4),
    fixed(each.lower, 4),
    fixed(each.upper, 4),
    ...(bounded ? [each.lowerBoundary || each.upperBoundary ? "ends at the bound" : ""] : []),
  ]);
  const coverage = formatPercent(intervals[0]!.level);
  const reasons = intervals.flatMap(({ name, class: label, reason }) =>
    reason === null ? [] : [`${name}${label === null ? "" : ` of class ${label}`}: ${reason.sentence}`],
  );
  return [
    `Profile-likelihood ${coverage} intervals`,
    ...textTable(
      ["term", ...(classes ? ["class"] : []), "estimate", "lower", "upper", ...(bounded ? [""] : [])],
      rows,
    ),
    "",
    ...listed("Limits not known", [...new Set(reasons)]),
  ];
}

function bootstrapLines(result: BootstrapResult): string[] {
  const { kind, parameters, classes, replicates, clusters, warnings } = result;
  const drawn =
    kind === "parametric" ? "scores of the model" : clusters === null ? "people" : `clusters of ${clusters}`;
  const mixture = classes.length > 1;
  const rows = parameters.map((each) => [
    parameterKey({ ...each, class: null }),
    ...(mixture ? [each.class === null ? "all" : String(each.class)] : []),
    fixed(each.estimate, 4),
    fixed(each.standardError, 4),
    fixed(each.bias, 4),
    fixed(each.lower, 3),
    fixed(each.upper, 3),
  ]);
  const header = ["term", ...(mixture ? ["class"] : []), "estimate", "SE", "bias", "2.5%", "97.5%"];
  return [
    `Bootstrap: ${drawn} drawn ${plural(replicates.finished, "time")}, ${replicates.used} used`,
    ...textTable(header, rows),
    "",
    ...(mixture ? bootstrapClassLines(result) : []),
    ...listed("Of the bootstrap", warnings),
  ];
}

function bootstrapClassLines({ classes }: BootstrapResult): string[] {
  const rows = classes.map(({ label, proportion, stability, dissolved }) => [
    String(label),
    percent(proportion.estimate),
    percent(proportion.standardError),
    `${percent(proportion.lower)} to ${percent(proportion.upper)}`,
    fixed(stability, 2),
    percent(dissolved),
  ]);
  return [
    ...textTable(["class", "share", "SE", "95% interval", "stability", "dissolved"], rows),
    ...wrapped(
      "Stability: how alike the people of a class are in each sample, 0 to 1; above 0.75 it is stable, below 0.6 do not trust it. Dissolved: samples without such a class.",
    ),
    "",
  ];
}

function percent(share: number | null): string {
  return share === null ? MISSING : `${fixed(100 * share, 1)}%`;
}

function influenceLines({ top, time, nClasses, displacement }: Influence): string[] {
  if (displacement === null)
    return wrapped("Influence is not known: the fit is not at a proper maximum.", "").concat("");
  const labels = Array.from({ length: nClasses }, (_, k) => (nClasses === 1 ? "" : ` ${k + 1}`));
  const rows = top.map((each) => [
    each.personId,
    String(each.occasions),
    ...(nClasses === 1 ? [] : [String(each.modalClass)]),
    fixed(each.logLikelihood, 2),
    fixed(each.displacement, 3),
    ...each.meanChange.map((change) => fixed(change, 3)),
  ]);
  const header = ["person", "scores", ...(nClasses === 1 ? [] : ["class"]), "logLik", "displacement"];
  return [
    `Most influential people (of ${displacement.length})`,
    ...textTable([...header, ...labels.map((label) => `mean${label} shifts`)], rows),
    ...wrapped(
      `Displacement: about twice the log-likelihood that the estimates lose without the person. Mean shifts: by how much the ${nClasses === 1 ? "mean" : "class mean"} at time ${trim(time)} would change without them.`,
    ),
    "",
  ];
}
