import { describe, expect, test } from "vitest";
import type { FitResult, RunnerUp } from "../../src/models/result.js";
import { runnerUpFigure } from "../../src/report/figures/runnerUp.js";
import { startsFigure } from "../../src/report/figures/starts.js";
import type { ReportInput } from "../../src/report/input.js";
import { renderSvg } from "../../src/report/render.js";
import { runnerUpTable, startsTable } from "../../src/report/tables/maxima.js";
import { makeInput } from "./fixtures.js";

const input = makeInput();
const { chosen } = input;

/** A next best solution with every class two points higher, and half of the first class in the last. */
const runnerUp: RunnerUp = {
  logLikelihood: chosen.logLikelihood - 3.8,
  below: 3.8,
  finalists: 5,
  adjustedRandIndex: 0.844,
  sameClass: 0.91,
  classes: chosen.classes.map(({ label, proportion, assigned, meanTrajectory }) => ({
    label,
    proportion: proportion / 2,
    assigned: Math.floor(assigned / 2),
    mean: meanTrajectory.mean.map((value) => value + 2),
  })),
};
const withFit = (change: Partial<FitResult>): ReportInput => ({ ...input, chosen: { ...chosen, ...change } });

describe("final starts", () => {
  test("the figure says how many reached the best, and how many solutions there were", async () => {
    const figure = startsFigure(input)!;
    expect(figure.alt).toContain("14 of them at the best value");
    expect(figure.caption).toContain("7 different solutions");
    for (const spec of [figure.spec, figure.narrowSpec]) expect(await renderSvg(spec)).toContain("<svg");
  });

  test("starts that all found one solution draw a level line", async () => {
    const logLikelihoods = new Array<number>(20).fill(-100);
    const figure = startsFigure(
      withFit({ starts: { ...chosen.starts!, distinctMaxima: 1, logLikelihoods } }),
    )!;
    expect(figure.caption).toContain("All of them found the same solution.");
    expect(await renderSvg(figure.spec)).toContain("<svg");
  });

  test("refused starts are told of, not drawn", () => {
    const figure = startsFigure(withFit({ starts: { ...chosen.starts!, refused: 18 } }))!;
    expect(figure.alt).toContain("2 final starts");
    expect(figure.caption).toContain("18 further final starts");
    expect(startsFigure(withFit({ starts: { ...chosen.starts!, refused: 19 } }))).toBeNull();
    expect(startsFigure(withFit({ starts: null }))).toBeNull();
  });

  test("the table's note says what is counted", () => {
    expect(startsTable(chosen)!.note).toMatch(/93 different groupings.*count once.*7 different solutions/);
  });
});

describe("runner-up", () => {
  test("none, no figure and no table", () => {
    expect(runnerUpFigure(withFit({ runnerUp: null }))).toBeNull();
    expect(runnerUpTable({ ...chosen, runnerUp: null })).toBeNull();
  });

  test("the figure has the agreement in words", async () => {
    const figure = runnerUpFigure(withFit({ runnerUp }))!;
    expect(figure.caption).toContain("91% of the people are in the same class in both");
    expect(figure.caption).toContain(".84");
    for (const spec of [figure.spec, figure.narrowSpec]) expect(await renderSvg(spec)).toContain("<svg");
  });

  test("the table puts shares and means side by side", () => {
    const table = runnerUpTable({ ...chosen, runnerUp })!;
    expect(table.rows).toHaveLength(chosen.classes.length);
    const first = chosen.classes[0]!;
    expect(table.rows[0]!.slice(0, 3)).toEqual([first.label, first.proportion, first.proportion / 2]);
    expect(table.rows[0]![6]).toBe(first.meanTrajectory.mean[0]! + 2);
  });
});
