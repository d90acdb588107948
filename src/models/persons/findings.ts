import type { ModelSpec } from "../spec.js";
import type { Diagnostics, EffectDiagnostics, Finding, OccasionGroup } from "./types.js";

/** Beyond this skewness (of residuals or random effects), residuals are called skewed. */
const NOTABLE_SKEWNESS = 0.5;
/** Beyond this excess kurtosis, tails are called heavy. */
const NOTABLE_KURTOSIS = 1;
/** From this share of scores at a limit on, floor or ceiling is named. */
const NOTABLE_LIMIT = 0.05;
/** Autocorrelation beyond what the model expects. */
const NOTABLE_AUTOCORRELATION = 0.05;
/** Largest over smallest residual variance of the occasions. */
const NOTABLE_RATIO = 1.5;
/** Mean standardized residual of an occasion. */
const NOTABLE_MEAN = 0.15;
/** Standard errors that a difference must span: many are looked at. */
const NOTABLE_Z = 4;
/** Scores of an occasion, and people, below which nothing is said. */
const ENOUGH_ROWS = 30;
const ENOUGH_PEOPLE = 50;

/**
 * What residuals and random effects say against a model, in words.
 * @param found - the figures
 * @param model - the model
 * @returns one entry for each thing notable; few or no people: none
 */
export function findingsOf(found: Omit<Diagnostics, "findings">, model: ModelSpec): readonly Finding[] {
  return [
    ...residualShape(found),
    ...limits(found),
    ...autocorrelation(found, model),
    ...spread(found, model),
    ...missedMeans(found),
    ...found.effects.flatMap(skewedEffect),
  ];
}

function residualShape({ residuals, nObservations }: Omit<Diagnostics, "findings">): Finding[] {
  if (nObservations < ENOUGH_PEOPLE) return [];
  const { skewness, excessKurtosis } = residuals.shape;
  const out: Finding[] = [];
  if (Math.abs(skewness) >= notableSkewness(nObservations)) {
    const [more, less] = skewness > 0 ? ["above", "below"] : ["below", "above"];
    out.push({
      name: "skewed residuals",
      sentence: `The residuals are skewed (skewness ${two(skewness)}): scores far ${more} a person's own curve are more common than scores far ${less} it.`,
      advice:
        "Rely on the robust standard errors. In a mixture, skewed scores alone can call for more classes than there are kinds of people.",
    });
  }
  if (excessKurtosis >= Math.max(NOTABLE_KURTOSIS, NOTABLE_Z * Math.sqrt(24 / nObservations)))
    out.push({
      name: "heavy tails",
      sentence: `Scores very far from a person's own curve are more common than the normal distribution has them (excess kurtosis ${two(excessKurtosis)}).`,
      advice: "Look at the people with the largest residuals; rely on the robust standard errors.",
    });
  return out;
}

/** Skewness of n normal values has standard error sqrt(6 / n). */
function notableSkewness(n: number): number {
  return Math.max(NOTABLE_SKEWNESS, NOTABLE_Z * Math.sqrt(6 / n));
}

function limits({ residuals, limits: { minimum, maximum } }: Omit<Diagnostics, "findings">): Finding[] {
  const advice =
    "The normal model does not know that scores stop there: read predictions near it with care, and rely on the robust standard errors.";
  const out: Finding[] = [];
  const { floorShare, ceilingShare } = residuals;
  if (floorShare !== null && floorShare >= NOTABLE_LIMIT)
    out.push({
      name: "floor",
      sentence: `${percent(floorShare)} of the scores are the lowest possible (${minimum}).`,
      advice,
    });
  if (ceilingShare !== null && ceilingShare >= NOTABLE_LIMIT)
    out.push({
      name: "ceiling",
      sentence: `${percent(ceilingShare)} of the scores are the highest possible (${maximum}).`,
      advice,
    });
  return out;
}

function autocorrelation({ residuals }: Omit<Diagnostics, "findings">, model: ModelSpec): Finding[] {
  const found = residuals.autocorrelation;
  if (found === null || found.people < ENOUGH_PEOPLE) return [];
  const difference = found.observed - found.expected;
  if (Math.abs(difference) < NOTABLE_AUTOCORRELATION || Math.abs(found.z) < NOTABLE_Z) return [];
  const correlated = model.residual.includes("ar1");
  return [
    {
      name: "autocorrelation",
      sentence: `Residuals of neighbouring sessions are ${difference > 0 ? "more" : "less"} alike than the model says (correlation ${two(found.observed)}, expected ${two(found.expected)}).`,
      advice: correlated
        ? "Compare it with a richer shape of trajectory, or with more random effects."
        : "Compare the model with one of correlated residuals (residual ar1 or car1), or with more random effects.",
    },
  ];
}

function spread({ occasions }: Omit<Diagnostics, "findings">, model: ModelSpec): Finding[] {
  const groups = occasions.groups.filter(({ n }) => n >= ENOUGH_ROWS);
  if (groups.length < 2) return [];
  const by = (better: (a: number, b: number) => boolean): OccasionGroup =>
    groups.reduce((best, each) => (better(each.varianceRatio, best.varianceRatio) ? each : best));
  const most = by((a, b) => a > b);
  const least = by((a, b) => a < b);
  const error = Math.hypot(most.ratioError, least.ratioError);
  if (most.varianceRatio < NOTABLE_RATIO * least.varianceRatio) return [];
  if (most.varianceRatio - least.varianceRatio < NOTABLE_Z * error) return [];
  const where = ({ at }: OccasionGroup): string => `${occasions.by} ${Number(at.toPrecision(4))}`;
  return [
    {
      name: "spread differs by occasion",
      sentence: `Scores scatter around people's own curves by different amounts: most at ${where(most)} (${two(most.varianceRatio)} times the variance that the model expects), least at ${where(least)} (${two(least.varianceRatio)} times).`,
      advice: model.residual.includes("occasion")
        ? "Look at the shape of the trajectories at these occasions."
        : "Compare the model with a residual variance for each occasion (residual occasion).",
    },
  ];
}

function missedMeans({ occasions }: Omit<Diagnostics, "findings">): Finding[] {
  const missed = occasions.groups.filter(
    ({ n, mean }) =>
      n >= ENOUGH_ROWS && Math.abs(mean) >= NOTABLE_MEAN && Math.abs(mean) * Math.sqrt(n) >= NOTABLE_Z,
  );
  if (missed.length === 0) return [];
  const worst = missed.reduce((a, b) => (Math.abs(b.mean) > Math.abs(a.mean) ? b : a));
  return [
    {
      name: "mean misses an occasion",
      sentence: `At ${occasions.by} ${Number(worst.at.toPrecision(4))} scores lie ${worst.mean > 0 ? "above" : "below"} the curves on average (by ${two(Math.abs(worst.mean))} standard deviations of the residuals)${missed.length > 1 ? `, and they miss the curves at ${missed.length - 1} more` : ""}.`,
      advice: "Allow the trajectories a richer shape there: a further power of time, a spline or a bend.",
    },
  ];
}

function skewedEffect({ name, standardized, classes }: EffectDiagnostics): Finding[] {
  const people = classes.reduce((sum, { weight }) => sum + weight, 0);
  if (people < ENOUGH_PEOPLE || standardized.length < ENOUGH_PEOPLE) return [];
  const skewness = classes.reduce((sum, each) => sum + (each.weight / people) * each.skewness, 0);
  if (Math.abs(skewness) < notableSkewness(people)) return [];
  return [
    {
      name: "skewed random effect",
      sentence: `People's own deviations in ${name} are skewed (skewness ${two(skewness)} of the estimates).`,
      advice:
        "The normal distribution that the model gives them does not hold: look for classes, a covariate or a limit of the measure behind it.",
    },
  ];
}

function two(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}
