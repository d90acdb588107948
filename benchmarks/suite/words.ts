import { inWords, type Machine } from "../measure.js";
import type { CaseResult } from "./types.js";

/**
 * What a case found, for the screen.
 * @param result - the case
 * @returns a few lines
 */
export function describeCase(result: CaseResult): string {
  const measures = result.measures.map(({ name, seconds, cpuSeconds, peakMemoryMb }) => {
    const cpu = cpuSeconds === undefined ? "" : `, processor time ${cpuSeconds.toFixed(2)} s`;
    const memory = peakMemoryMb === undefined ? "" : `, peak memory ${peakMemoryMb} MB`;
    return `  ${name}: ${inWords(seconds)}${cpu}${memory}`;
  });
  const peers = result.peers.map(({ name, version, seconds, source }) => {
    const ratio = seconds.median / result.measures.at(-1)!.seconds.median;
    return `  ${name} (${source ?? version}): ${inWords(seconds)}, ${Number(ratio.toPrecision(3))} times as long`;
  });
  const targets = result.targets.map(
    ({ words, reached, met }) =>
      `  target ${words}: ${met === null ? "not compared" : `${reached}, ${met ? "met" : "MISSED"}`}`,
  );
  const size = result.persons === 0 ? "" : ` (${result.persons} people, ${result.rows} rows)`;
  return [`${result.name}: ${result.title}${size}`, ...measures, ...peers, ...targets].join("\n");
}

/**
 * The machine in one line.
 * @param where - the machine
 * @returns processor, memory, versions
 */
export function describeMachine(where: Machine): string {
  const commit = `commit ${where.commit}${where.dirty ? " with changes" : ""}`;
  return `${where.cpu}, ${where.cores} cores, ${where.memoryGb} GB, Node ${where.node}, ${where.r ?? "no R"}, ${commit}`;
}
