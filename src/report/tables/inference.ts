import { parameterKey } from "../../models/inference/names.js";
import type { FitResult } from "../../models/result.js";
import { bootstrapDraws } from "../describe.js";
import { formatCount, formatPercent, plural } from "../format.js";
import type { FurtherInference } from "../input.js";
import { type Cell, column, type ReportTable } from "./table.js";
import { TEST_COLUMNS, testCells, testErrors } from "./tests.js";

/**
 * The hypotheses that were asked for, tested.
 * @param inference - what was asked of the chosen model
 * @returns the table; null where none was asked for
 */
export function hypothesesTable(inference: FurtherInference | undefined): ReportTable | null {
  const tests = inference?.tests ?? [];
  if (tests.length === 0) return null;
  const reasons = tests.flatMap(({ hypotheses, reason }) =>
    reason === null ? [] : [`${hypotheses.join(", ")}: ${reason}`],
  );
  return {
    id: "hypothesis-tests",
    title: "Hypotheses asked for",
    note: [
      `Wald tests with ${testErrors(tests[0]!)}. Difference: the left side less the right.`,
      ...reasons,
    ].join(" "),
    columns: [
      column("hypothesis", "Hypothesis"),
      column("difference", "Difference", "estimate"),
      column("standard_error", "SE", "estimate"),
      ...TEST_COLUMNS,
    ],
    rows: tests.map((each) => {
      const single = each.estimates.length === 1;
      return [
        each.hypotheses.join(", "),
        single ? each.estimates[0]! : null,
        single ? each.standardErrors[0]! : null,
        ...testCells(each),
      ];
    }),
  };
}

/**
 * Intervals of each parameter by every method that was asked for, side by side with the Wald interval.
 * @param fit - the chosen model
 * @param inference - what was asked of it
 * @returns the table; null where neither profile nor bootstrap was asked for
 */
export function intervalsTable(fit: FitResult, inference: FurtherInference | undefined): ReportTable | null {
  const profiled = inference?.profileIntervals;
  const bootstrap = inference?.bootstrap;
  if (profiled === undefined && bootstrap === undefined) return null;
  const key = (each: { readonly name: string; readonly class: number | null }): string =>
    `${each.name}@${each.class ?? ""}`;
  const profileOf = new Map((profiled ?? []).map((each) => [key(each), each]));
  const known = new Set(fit.parameters.filter(({ block }) => block !== "membership").map(key));
  const bootstrapped = bootstrap?.parameters;
  const cells = (name: string, label: number | null, estimate: number | null): Cell[] => [
    fit.classes.length > 1 ? (label === null ? "all" : String(label)) : "",
    name,
    estimate,
  ];
  const ofParameters = fit.parameters.flatMap((each, i): Cell[][] => {
    // Only parameters of the scores are profiled, and membership terms carry the names of others.
    const profile = each.block === "membership" ? undefined : profileOf.get(key(each));
    const draws = bootstrapped?.[i];
    if (profile === undefined && draws === undefined) return [];
    return [
      [
        ...cells(parameterKey({ ...each, class: null }), each.class, each.estimate),
        each.lower,
        each.upper,
        profile?.lower ?? null,
        profile?.upper ?? null,
        draws?.standardError ?? null,
        draws?.lower ?? null,
        draws?.upper ?? null,
      ],
    ];
  });
  // Correlations are no parameters of the fit.
  const others = (profiled ?? [])
    .filter((each) => !known.has(key(each)))
    .map((each) => [
      ...cells(each.name, each.class, each.estimate),
      null,
      null,
      each.lower,
      each.upper,
      null,
      null,
      null,
    ]);
  return {
    id: "intervals",
    title: "95% intervals by other ways",
    note: intervalsNote(inference!),
    columns: [
      column("class", "Class", "text", { csvOnly: fit.classes.length === 1 }),
      column("parameter", "Parameter"),
      column("estimate", "Estimate", "estimate"),
      column("wald_lower", "Wald", "estimate", { intervalWithNext: true }),
      column("wald_upper", "Upper", "estimate"),
      column("profile_lower", "Profile likelihood", "estimate", {
        intervalWithNext: true,
        csvOnly: profiled === undefined,
      }),
      column("profile_upper", "Upper", "estimate", { csvOnly: profiled === undefined }),
      // Beside both intervals there is no room for it on the page.
      column("bootstrap_standard_error", "Bootstrap SE", "estimate", {
        csvOnly: bootstrap === undefined || profiled !== undefined,
      }),
      column("bootstrap_lower", "Bootstrap", "estimate", {
        intervalWithNext: true,
        csvOnly: bootstrap === undefined,
      }),
      column("bootstrap_upper", "Upper", "estimate", { csvOnly: bootstrap === undefined }),
    ],
    rows: [...ofParameters, ...others],
  };
}

function intervalsNote({ profileIntervals, bootstrap }: FurtherInference): string {
  const notes: string[] = [];
  if (profileIntervals !== undefined) {
    notes.push(
      "Profile likelihood: all values that a likelihood-ratio test would not reject (Venzon & Moolgavkar, 1988), for variances, correlations and residual parameters.",
    );
    const bounded = profileIntervals.filter((each) => each.lowerBoundary || each.upperBoundary);
    if (bounded.length > 0)
      notes.push(
        "An interval that ends at 0, or at −1 or 1 for a correlation, reaches the bound of what is possible.",
      );
    for (const sentence of new Set(profileIntervals.flatMap(({ reason }) => reason?.sentence ?? [])))
      notes.push(sentence);
  }
  if (bootstrap !== undefined) {
    const { replicates } = bootstrap;
    notes.push(
      `Bootstrap: ${bootstrapDraws(bootstrap)}, ${plural(replicates.finished, "sample")}, ${formatCount(replicates.used)} used; percentile intervals (Efron & Tibshirani, 1993).`,
    );
  }
  return notes.join(" ");
}

/**
 * How steady the classes are over bootstrap samples.
 * @param inference - what was asked of the chosen model
 * @returns the table; null without a bootstrap, or with one class
 */
export function classStabilityTable(inference: FurtherInference | undefined): ReportTable | null {
  const bootstrap = inference?.bootstrap;
  if (bootstrap === undefined || bootstrap.classes.length < 2) return null;
  const { reordered } = bootstrap.replicates;
  return {
    id: "class-stability",
    title: "Would the same classes be found again?",
    note: `Share: with bootstrap standard error and 95% interval. Stability: how alike the people of a class are in each sample, from 0 to 1; above .75 the class is stable, below .60 it should not be trusted (Hennig, 2007). Dissolved: samples without such a class.${reordered === null || reordered === 0 ? "" : ` In ${formatPercent(reordered)} of the samples the classes came in another order; they are matched by their people.`}`,
    columns: [
      column("class", "Class", "count"),
      column("proportion", "Share", "percent1"),
      column("standard_error", "SE", "percent1"),
      column("lower", "95% CI", "percent1", { intervalWithNext: true }),
      column("upper", "Upper", "percent1"),
      column("stability", "Stability", "proportion"),
      column("dissolved", "Dissolved", "percent1"),
    ],
    rows: bootstrap.classes.map(({ label, proportion, stability, dissolved }) => [
      label,
      proportion.estimate,
      proportion.standardError,
      proportion.lower,
      proportion.upper,
      stability,
      dissolved,
    ]),
  };
}
