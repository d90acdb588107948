import { afterAll, describe, expect, test } from "vitest";
import { fit as fitModel } from "../../src/models/fitModel.js";
import type { FitResult } from "../../src/models/result.js";
import { type Agreement, expectAgreement } from "./agreement.js";
import { dataOf, type ReferenceModel } from "./fixtures.js";
import { recordAgreement } from "./record.js";

/** 100 starts of a mixture that looks at each row take seconds, and many times that on a busy machine. */
const TIMEOUT_MS = 120_000;

/**
 * Declares a test of every reference model, package by package: our fit from the default number of starts agrees with it.
 * @param data - name of the data, for the tests and the table of docs/notes/references.md
 * @param models - the reference models
 * @param options - `packages`: how their names begin; `nModels`: number of models there must be; `skip`: the data are not there
 */
export function compareAll(
  data: string,
  models: readonly ReferenceModel[],
  options: {
    readonly packages: readonly string[];
    readonly nModels: number;
    readonly skip?: boolean;
  },
): void {
  // Several packages fitted the same model: it is fitted here once.
  const fits = new Map<string, Promise<FitResult>>();
  const found: Agreement[] = [];

  describe.skipIf(options.skip === true).each([...options.packages])(`%s on ${data}`, (software) => {
    test.each(
      models
        .filter((model) => model.package.startsWith(software))
        .map((model) => [model.name, model] as const),
    )(
      "%s",
      async (_, model) => {
        const key = JSON.stringify([model.where, model.spec]);
        const pending = fits.get(key) ?? fitModel(dataOf(model), model.spec);
        fits.set(key, pending);
        found.push(expectAgreement(await pending, model));
      },
      TIMEOUT_MS,
    );
  });

  test("every reference model was looked at", () => {
    expect(models.length).toBe(options.nModels);
  });

  afterAll(() => recordAgreement(data.toLowerCase(), found));
}
