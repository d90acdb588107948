/** Passes of one way to climb in one case: medians over its starts. */
export interface PassesRow {
  readonly name: string;
  readonly evaluations: number;
  readonly informations: number;
  readonly onSample: number;
  readonly cpuMs: number;
  readonly foundBest: number;
}

/** What `passes.ts` measured. */
export interface PassesResults {
  readonly machine: { readonly cpu: string; readonly node: string; readonly loadAverage: number };
  readonly starts: number;
  readonly results: readonly {
    readonly name: string;
    readonly gradientMs: number;
    readonly informationMs: number;
    readonly strategies: readonly PassesRow[];
  }[];
}

/**
 * Table of passes over the data: ways to climb by case.
 * @param found - what was measured
 * @returns Markdown
 */
export function passesTable({ machine, starts, results }: PassesResults): string {
  const names = [...new Set(results.flatMap(({ strategies }) => strategies.map(({ name }) => name)))];
  const letters = results.map((_, c) => String.fromCharCode(65 + c));
  const rowOf = (name: string): string => {
    const rows = results.map(({ strategies }) => strategies.find((row) => row.name === name));
    const best = rows.reduce((sum, row) => sum + (row?.foundBest ?? 0), 0);
    const tried = rows.reduce((sum, row) => sum + (row === undefined ? 0 : starts), 0);
    return `| ${name} | ${rows.map((row) => (row === undefined ? "" : cellOf(row))).join(" | ")} | ${best} of ${tried} |`;
  };
  return [
    `Medians of ${starts} starts on ${machine.cpu}, Node ${machine.node} (load average ${machine.loadAverage.toFixed(1)}), screening included.`,
    "g: gradients over all people; I: observed informations; s: gradients over the sample; then processor time.",
    "",
    ...results.map(
      ({ name, gradientMs, informationMs }, c) =>
        `- ${letters[c]}: ${name}; a gradient takes ${gradientMs.toFixed(2)} ms, an observed information ${informationMs.toFixed(1)} ms.`,
    ),
    "",
    `| climb | ${letters.join(" | ")} | best value found |`,
    `| --- |${" --- |".repeat(letters.length + 1)}`,
    ...names.map(rowOf),
  ].join("\n");
}

function cellOf({ evaluations, informations, onSample, cpuMs }: PassesRow): string {
  const passes = [
    `${evaluations} g`,
    ...(informations > 0 ? [`${informations} I`] : []),
    ...(onSample > 0 ? [`${onSample} s`] : []),
  ];
  return `${passes.join(" + ")}, ${cpuMs.toFixed(0)} ms`;
}
