import { describe, expect, it } from "vitest";
import { summarise } from "../../benchmarks/measure.js";
import { quotedPeer } from "../../benchmarks/suite/peers.js";
import { judge } from "../../benchmarks/suite/targets.js";
import type { Measured, Target } from "../../benchmarks/suite/types.js";

const measured: Measured = {
  ...{ persons: 10, rows: 70, logLikelihood: -1, checked: "" },
  measures: [{ name: "fit", seconds: summarise([0.1, 0.2, 0.3]), peakMemoryMb: 900 }],
  peers: [quotedPeer("lcmm", "1", "hlme", 40, "quoted")],
};

describe("figures to reach", () => {
  const met = (target: Target) => judge([target], measured)[0]!.met;

  it("are judged by the median, the peak, and the ratio to the peer", () => {
    expect(met({ measure: "fit", atMostSeconds: 0.2 })).toBe(true);
    expect(met({ measure: "fit", atMostSeconds: 0.19 })).toBe(false);
    expect(met({ measure: "fit", atMostMb: 899 })).toBe(false);
    expect(met({ measure: "fit", peer: "lcmm", timesAsFast: 200 })).toBe(true);
    expect(met({ measure: "fit", peer: "lcmm", timesAsFast: 201 })).toBe(false);
    expect(met({ measure: "fit", peer: "lcmm", atMostTimes: 0.005 })).toBe(true);
    expect(met({ measure: "fit", peer: "lcmm", atMostTimes: 0.004 })).toBe(false);
  });

  it("are neither met nor missed where the peer or the measure is missing", () => {
    expect(met({ measure: "fit", peer: "lme4", timesAsFast: 50 })).toBeNull();
    expect(met({ measure: "WebAssembly", atMostSeconds: 1 })).toBeNull();
    expect(judge([{ measure: "fit", peer: "lme4", timesAsFast: 50 }], measured)[0]!.reached).toBe(
      "not compared",
    );
  });
});
