import type { Machine, Timing } from "../measure.js";
import type { PowerLaw } from "./powerLaw.js";

/** One measurement of a law: a size and the time it took. */
export interface ScalingPoint {
  readonly x: number;
  readonly seconds: Timing;
}

/** One curve of a law. */
export interface ScalingSeries {
  readonly name: string;
  readonly points: readonly ScalingPoint[];
  /** Time as a power of the size; null with fewer than three sizes, or where the law is not one of size. */
  readonly power: PowerLaw | null;
  /** Lowest and highest exponent that count as reached, and whether it is; null without a figure to reach. */
  readonly target: readonly [number, number] | null;
  readonly met: boolean | null;
}

/** Time against one size, all else held. */
export interface ScalingLaw {
  readonly name: "people" | "sessions" | "starts" | "workers";
  readonly title: string;
  /** The axis. */
  readonly x: string;
  /** What was held, and what the curves are. */
  readonly held: string;
  readonly series: readonly ScalingSeries[];
}

/** The file of scaling laws. */
export interface ScalingResults {
  readonly date: string;
  readonly machine: Machine;
  /** Share of the full sizes; 1 for figures that count. */
  readonly scale: number;
  readonly laws: readonly ScalingLaw[];
}
