import { renderSvg } from "symptom-trajectories/report";
import { describe, expect, it } from "vitest";
import { scalingFigure } from "../../benchmarks/suite/scalingFigure.js";
import { lawInWords, scalingTable } from "../../benchmarks/suite/scalingText.js";
import type { ScalingLaw, ScalingResults, ScalingSeries } from "../../benchmarks/suite/scalingTypes.js";
import { MACHINE, runsAround } from "./fixtures.js";

function series(
  name: string,
  xs: readonly number[],
  exponent: number,
  more: Partial<ScalingSeries> = {},
): ScalingSeries {
  return {
    name,
    points: xs.map((x) => ({ x, seconds: runsAround(1e-3 * x ** exponent, 0.02) })),
    power: { exponent, standardError: 0.01, factor: 1e-3 },
    target: null,
    met: null,
    ...more,
  };
}

const SIZES = [1e4, 1e5, 1e6];
const LAWS: readonly ScalingLaw[] = [
  {
    ...{ name: "people", title: "People", x: "people", held: "all else" },
    series: [series("moments", SIZES, 1, { target: [0.95, 1.1], met: true }), series("fit", SIZES, 0.6)],
  },
  {
    ...{ name: "sessions", title: "Sessions per person", x: "sessions per person", held: "all else" },
    series: [series("one pass", [4, 16, 64], 0.2, { target: [-0.1, 0.1], met: false })],
  },
  {
    ...{ name: "starts", title: "Classes x starts", x: "starts", held: "all else" },
    series: [2, 3, 4, 6].map((k) => series(`${k} classes`, [20, 40, 80], 1, { target: [0, 1.1], met: true })),
  },
  {
    ...{ name: "workers", title: "Worker threads", x: "worker threads", held: "all else" },
    series: [
      {
        ...series("one large fit", [], 1),
        points: [0, 1, 2].map((x) => ({ x, seconds: runsAround(4 / Math.max(1, x), 0.01) })),
        power: null,
      },
    ],
  },
];
const RESULTS: ScalingResults = { date: "2026-01-02T00:00:00.000Z", machine: MACHINE, scale: 1, laws: LAWS };

describe("scaling laws", () => {
  it("are told with exponent, figure to reach and verdict, workers with their speed-up", () => {
    const words = LAWS.map((law) => lawInWords(law, law.series[0]!));
    expect(words).toEqual([
      "1.00 (± 0.01); to reach 0.95 to 1.1: met",
      "0.20 (± 0.01); to reach -0.1 to 0.1: **missed**",
      "1.00 (± 0.01); to reach at most 1.1: met",
      "2 workers 2.00 x as fast as 1",
    ]);
  });

  it("stand in a table with every time, and own up to a trial run", () => {
    const text = scalingTable(RESULTS);
    expect(text).toContain("10,000: 10.0 s, 100,000: 100 s, 1,000,000: 1000 s");
    expect(text).not.toContain("trial");
    expect(scalingTable({ ...RESULTS, scale: 0.1 })).toContain("a trial run");
  });

  it("are drawn, every curve named with its slope", async () => {
    const { spec, alt } = scalingFigure(RESULTS);
    const svg = await renderSvg(spec);
    for (const name of [
      "moments, slope 1.00",
      "fit, slope 0.60",
      "one pass, slope 0.20",
      "6 classes, slope 1.00",
      "one large fit",
    ]) {
      expect(svg).toContain(name);
      expect(alt).toContain(name);
    }
  });
});
