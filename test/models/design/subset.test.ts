import fc from "fast-check";
import { expect, test } from "vitest";
import { type Moments, totalWeight } from "../../../src/models/design/moments.js";
import { subsetMoments, subsetRows } from "../../../src/models/design/subset.js";
import { createObjective } from "../../../src/models/fit/objective.js";
import { gaussianKernel } from "../../../src/models/kernels/gaussian.js";
import type { ResidualStructure } from "../../../src/models/spec.js";
import { expectClose } from "../kernels/checks.js";
import { modelShapes, type RandomModel, randomModel } from "../kernels/randomModel.js";

const RESIDUALS: readonly ResidualStructure[] = ["common", "class", "occasion", "car1"];

function valueOn(model: RandomModel, moments: Moments, rowData: RandomModel["rowData"]): number {
  const { layout, fixed } = model;
  const kernel = gaussianKernel(moments, rowData, fixed, {
    residual: layout.residual,
    nClasses: layout.nClasses,
    commonCovariance: layout.commonCovariance,
    reml: false,
  });
  return createObjective(kernel, layout).evaluate(model.x, false).value;
}

test.each(RESIDUALS)(
  "a part of the people counts as everybody does when the others weigh nothing: residual %s",
  (residual) => {
    fc.assert(
      fc.property(
        modelShapes({ residual }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (shape, drawn) => {
          const model = randomModel(shape);
          const { moments, rowData } = model;
          const persons = Int32Array.from(
            Array.from({ length: moments.nPersons }, (_, i) => i).filter((i) => drawn[i] || i === 0),
          );
          const weights = new Float64Array(moments.nPersons);
          for (const i of persons) weights[i] = 1 + (i % 2);
          const all = { ...moments, weights };
          const part = subsetMoments(all, persons);
          const rows = rowData === null ? null : subsetRows(rowData, moments, persons);
          const expected = valueOn(model, all, rowData);
          expectClose(valueOn(model, part, rows), expected, 1e-12, 0, "log-likelihood");
          expect(totalWeight(part)).toBe(totalWeight(all));
          expect(Array.from(part.personIndex)).toEqual(Array.from(persons, (i) => moments.personIndex[i]));
          const sessions = Array.from(persons, (i) => {
            const g = moments.patternStart.findLastIndex((first) => first <= i);
            return moments.patternSessions[g]!;
          });
          expect(part.nObservations).toBe(sessions.reduce((sum, n) => sum + n, 0));
        },
      ),
      { numRuns: 20, seed: 3 },
    );
  },
);
