import type { ClassDescription } from "../describe.js";
import type { ReportInput } from "../input.js";
import { allModelsFigure } from "./allModels.js";
import { certaintyFigure } from "./certainty.js";
import { occasionFigure, quantileFigure, residualFigure } from "./diagnostics.js";
import { enumerationFigure } from "./enumeration.js";
import { forestFigures } from "./forest.js";
import { observedFittedFigure } from "./observedFitted.js";
import { outcomeFigure } from "./outcomes.js";
import { runnerUpFigure } from "./runnerUp.js";
import { startsFigure } from "./starts.js";
import type { ReportFigure } from "./theme.js";
import { trajectoryFigure } from "./trajectories.js";

/**
 * Every figure of a report, in reading order.
 * @param input - the report's input
 * @param descriptions - the classes in words
 * @returns the figures that apply, with distinct ids
 */
export function buildFigures(
  input: ReportInput,
  descriptions: readonly ClassDescription[],
): readonly ReportFigure[] {
  const classes = input.chosen.classes;
  const largest = classes.reduce((a, b) => (b.proportion > a.proportion ? b : a), classes[0]!);
  const figures = [
    trajectoryFigure(input, descriptions),
    observedFittedFigure(input),
    enumerationFigure(input),
    allModelsFigure(input),
    certaintyFigure(input),
    startsFigure(input),
    runnerUpFigure(input),
    ...input.regressions.flatMap((each, i) => forestFigures(each, i + 1, `Class ${largest.label}`)),
    outcomeFigure(input),
    residualFigure(input),
    quantileFigure(input),
    occasionFigure(input),
  ].filter((figure): figure is ReportFigure => figure !== null);
  const used = new Set<string>();
  return figures.map((figure) => {
    let id = figure.id;
    for (let n = 2; used.has(id); n++) id = `${figure.id}-${n}`;
    used.add(id);
    return id === figure.id ? figure : { ...figure, id };
  });
}
