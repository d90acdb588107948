import { describe, expect, test } from "vitest";
import {
  CLASS_COLOURS,
  classStyle,
  DARK_CLASS_COLOURS,
  DARK_COLOURS,
  INK,
  MUTED,
  PAPER,
} from "../../../src/report/figures/theme.js";

type Triple = readonly [number, number, number];

function linear(hex: string): Triple {
  const part = (i: number): number => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
}

/** WCAG 2 contrast ratio. */
function contrast(a: string, b: string): number {
  const light = (hex: string): number => {
    const [r, g, bl] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [x, y] = [light(a), light(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** OKLab (Ottosson 2020). */
function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Machado, Oliveira & Fernandes (2009), severity 1. */
const VISION: Readonly<Record<string, readonly Triple[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function leastDistance(colours: readonly string[], matrix: readonly Triple[]): number {
  const seen = colours.map((hex) => {
    const c = linear(hex);
    const mixed = matrix.map((row) =>
      Math.min(1, Math.max(0, row[0] * c[0] + row[1] * c[1] + row[2] * c[2])),
    ) as unknown as Triple;
    return oklab(mixed);
  });
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < seen.length; i++)
    for (let j = 0; j < i; j++)
      least = Math.min(least, Math.hypot(...seen[i]!.map((v, d) => v - seen[j]![d]!)));
  return least;
}

describe("class colours", () => {
  test.each(Object.keys(VISION))("stay apart under %s vision, light and dark", (vision) => {
    // About 0.02 is just noticeable in OKLab.
    const wanted = 0.06;
    expect(leastDistance(CLASS_COLOURS, VISION[vision]!)).toBeGreaterThan(wanted);
    expect(leastDistance(DARK_CLASS_COLOURS, VISION[vision]!)).toBeGreaterThan(wanted);
  });

  test("stand out from the page, and text is readable", () => {
    const night = DARK_COLOURS[PAPER]!;
    for (const colour of CLASS_COLOURS) expect(contrast(colour, PAPER)).toBeGreaterThan(3);
    for (const colour of DARK_CLASS_COLOURS) expect(contrast(colour, night)).toBeGreaterThan(4.5);
    for (const colour of [INK, MUTED]) {
      expect(contrast(colour, PAPER)).toBeGreaterThan(4.5);
      expect(contrast(DARK_COLOURS[colour]!, night)).toBeGreaterThan(4.5);
    }
  });
});

test("thirty classes differ in colour or dash, and neighbours in both", () => {
  const looks = Array.from({ length: 30 }, (_, i) => classStyle(i + 1));
  expect(new Set(looks.map((look) => `${look.colour} ${look.dash}`)).size).toBe(30);
  looks.slice(1).forEach((look, i) => {
    expect(look.colour).not.toBe(looks[i]!.colour);
    expect(String(look.dash)).not.toBe(String(looks[i]!.dash));
    expect(look.shape).not.toBe(looks[i]!.shape);
  });
});
