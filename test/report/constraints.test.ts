import { expect, test } from "vitest";
import { fit } from "../../src/models/fitModel.js";
import { parametersTable } from "../../src/report/tables/estimates.js";
import { cohort, QUICK, twoKinds } from "../models/helpers.js";

test("the table of estimates says what the model holds", async () => {
  const result = await fit(
    cohort(60, 5, twoKinds),
    {
      outcome: "score",
      time: "time",
      random: "0",
      classes: 2,
      residual: "class",
      constraints: ["time@1 = 0", "residual sd@1 = residual sd@2"],
    },
    QUICK,
  );
  const table = parametersTable(result);
  expect(table.note).toContain("Fixed by the model, so without SE: time@1.");
  expect(table.note).toContain("Set equal by the model: residual sd@1, residual sd@2.");
  const { constraints: _, ...model } = result.model;
  const free = await fit(cohort(60, 5, twoKinds), model, QUICK);
  expect(parametersTable(free).note).not.toMatch(/Fixed|Set equal/);
});
