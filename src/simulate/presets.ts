import type { CovariateEffects, SimulatedClass, Variation } from "./population.js";

/** The part of a simulation that a degree of separation decides. */
export interface Preset {
  readonly classes: readonly SimulatedClass[];
  readonly variation: Variation;
  readonly effects: CovariateEffects;
}

/** Small effects on change, as in routine care: the employed improve a little faster, the long-term ill slower. */
const GROWTH_EFFECTS: Pick<CovariateEffects, "phq9" | "gad7"> = {
  phq9: {
    intercept: { employed: -0.8, imd: -0.1, ltc: 0.5, medication: 0.8 },
    slope: { employed: -0.05, ltc: 0.04 },
  },
  gad7: {
    intercept: { age: -0.03, employed: -0.4, imd: -0.06, medication: 0.5 },
    slope: { employed: -0.04, ltc: 0.03 },
  },
};

const REALISTIC: Preset = {
  // Parabolas with their lowest point between weeks 16 and 20, when few are still in treatment.
  classes: [
    {
      name: "rapid improvement",
      proportion: 0.44,
      phq9: { intercept: 14.4, slope: -1.75, curvature: 0.055 },
      gad7: { intercept: 13.3, slope: -1.55, curvature: 0.0485 },
    },
    {
      name: "gradual improvement",
      proportion: 0.33,
      phq9: { intercept: 15.3, slope: -1.05, curvature: 0.03 },
      gad7: { intercept: 13.9, slope: -1, curvature: 0.029 },
    },
    {
      name: "limited improvement",
      proportion: 0.14,
      phq9: { intercept: 18.8, slope: -0.16, curvature: 0.004 },
      gad7: { intercept: 15.6, slope: -0.14, curvature: 0.0035 },
    },
    {
      name: "mild at the start",
      proportion: 0.09,
      phq9: { intercept: 8.5, slope: -0.5, curvature: 0.015 },
      gad7: { intercept: 8.7, slope: -0.5, curvature: 0.015 },
    },
  ],
  variation: {
    phq9: { interceptSd: 2.7, slopeSd: 0.12, residualSd: 2.4 },
    gad7: { interceptSd: 2.5, slopeSd: 0.11, residualSd: 2.2 },
    interceptSlopeCorrelation: -0.2,
    betweenMeasures: 0.7,
    residualCorrelation: 0.5,
  },
  effects: {
    class: {
      age: [0, -0.005, -0.01, 0.01],
      female: [0, 0.1, 0.1, 0],
      imd: [0, -0.04, -0.1, 0.03],
      employed: [0, -0.25, -0.7, 0.1],
      ltc: [0, 0.2, 0.6, 0],
      medication: [0, 0.25, 0.5, -0.3],
    },
    ...GROWTH_EFFECTS,
  },
};

/** Presets by name. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  "well-separated": {
    // Away from floor and ceiling, so that whole scores are nearly normal within each class.
    classes: [
      {
        name: "improving",
        proportion: 0.4,
        phq9: { intercept: 16, slope: -0.91, curvature: 0.0207 },
        gad7: { intercept: 14, slope: -0.77, curvature: 0.0175 },
      },
      {
        name: "severe, no change",
        proportion: 0.35,
        phq9: { intercept: 21, slope: -0.05, curvature: 0 },
        gad7: { intercept: 16.5, slope: -0.05, curvature: 0 },
      },
      {
        name: "mild, no change",
        proportion: 0.25,
        phq9: { intercept: 8.5, slope: -0.05, curvature: 0 },
        gad7: { intercept: 7.5, slope: -0.05, curvature: 0 },
      },
    ],
    variation: {
      phq9: { interceptSd: 1.4, slopeSd: 0.06, residualSd: 1.8 },
      gad7: { interceptSd: 1.3, slopeSd: 0.05, residualSd: 1.7 },
      interceptSlopeCorrelation: -0.1,
      betweenMeasures: 0.6,
      residualCorrelation: 0.4,
    },
    effects: {
      class: {
        age: [0, 0.01, 0.02],
        female: [0, 0.3, 0],
        imd: [0, -0.12, 0],
        employed: [0, -0.8, 0.2],
        ltc: [0, 0.7, 0.1],
        medication: [0, 0.5, -0.4],
      },
      phq9: { intercept: {}, slope: {} },
      gad7: { intercept: {}, slope: {} },
    },
  },
  realistic: REALISTIC,
  overlapping: {
    ...REALISTIC,
    variation: {
      ...REALISTIC.variation,
      phq9: { interceptSd: 4, slopeSd: 0.25, residualSd: 3 },
      gad7: { interceptSd: 3.6, slopeSd: 0.22, residualSd: 2.8 },
    },
  },
};
