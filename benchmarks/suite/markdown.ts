import { type Machine, seconds, type Timing, wasBusy } from "../measure.js";
import type { CaseResult, Judged, Results } from "./types.js";

/** What separates a generated part of a page from the rest. */
const begin = (name: string): string =>
  `<!-- bench:table ${name}: written by \`npm run bench:table\`, not by hand -->`;
const end = (name: string): string => `<!-- bench:table ${name}: end -->`;

/**
 * Puts a generated part in its place in a page.
 * @param page - Markdown with the two comments that mark the part
 * @param name - name of the part
 * @param body - its new content
 * @returns the page with it
 * @throws Error when a comment is missing
 */
export function replacePart(page: string, name: string, body: string): string {
  const [from, to] = bounds(page, name);
  return `${page.slice(0, from)}\n${body.trim()}\n\n${page.slice(to)}`;
}

/**
 * Reads a generated part of a page.
 * @param page - Markdown
 * @param name - name of the part
 * @returns its content, trimmed
 * @throws Error when a comment is missing
 */
export function readPart(page: string, name: string): string {
  const [from, to] = bounds(page, name);
  return page.slice(from, to).trim();
}

function bounds(page: string, name: string): [number, number] {
  const first = page.indexOf(begin(name));
  const last = page.indexOf(end(name));
  if (first < 0 || last < first)
    throw new Error(`The page has no part "${name}": it needs the lines ${begin(name)} and ${end(name)}.`);
  return [first + begin(name).length + 1, last];
}

/**
 * The table of the README: every case in one line, the machine named.
 * @param results - a result file
 * @returns Markdown
 */
export function shortTable(results: Results): string {
  const rows = results.cases.map((each) => [each.title, timesInShort(each), peersInShort(each)]);
  return `${table(["work", "time", "beside it, same run"], rows)}\n\n${measuredOn(results)}`;
}

/** Medians, named where there are several, and memory. */
function timesInShort({ measures }: CaseResult): string {
  return measures
    .map(({ name, seconds: taken, peakMemoryMb }) => {
      const own = measures.length > 1 ? `${name} ` : "";
      const peak = peakMemoryMb === undefined ? "" : `, ${peakMemoryMb} MB`;
      return `${own}${seconds(taken.median)}${peak}`;
    })
    .join(", ");
}

/** Peers with their ratios to the case's last measure: the fit, or the kernel that is used. Quoted ones only where there is no other. */
function peersInShort({ measures, peers }: CaseResult): string {
  const own = measures.at(-1)!.seconds.median;
  const measured = peers.filter(({ source }) => source === undefined);
  return (measured.length > 0 ? measured : peers)
    .map(({ name, seconds: taken, source }) => {
      const quoted = source === undefined ? "" : " (quoted)";
      return `${name} ${seconds(taken.median)}${quoted}: ${times(taken.median / own)}`;
    })
    .join("; ");
}

/**
 * The table of `docs/performance.md`: every measure with its spread and every figure to reach; then the peers and the checks.
 * @param results - a result file
 * @returns Markdown
 */
export function longTable(results: Results): string {
  const rows = results.cases.flatMap((each) =>
    each.measures.map((measure, m) => [
      m === 0 ? `**${each.title}** (\`${each.name}\`)` : "",
      measure.name,
      spread(measure.seconds) + memory(measure.peakMemoryMb),
      each.targets
        .filter(({ words }) => words.startsWith(`${measure.name}:`))
        .map(targetCell)
        .join("<br>"),
    ]),
  );
  const peers = results.cases.flatMap((each) =>
    each.peers.map(({ name, version, call, seconds: taken, source }) => [
      `\`${each.name}\``,
      `${name} ${version}`,
      `\`${call}\``,
      spread(taken),
      source ?? "",
    ]),
  );
  const checks = results.cases.map(
    ({ name, timed, checked }) => `- \`${name}\`: ${timed}. Checked: ${checked}.`,
  );
  return [
    measuredOn(results),
    table(["work", "measure", "median (fastest to slowest)", "figure to reach"], rows),
    "Beside them, on the same data in the same run:",
    table(["case", "program", "call", "median (fastest to slowest)", "source, where quoted"], peers),
    "What the clock sees, and how the answer was checked before its time counted:",
    checks.join("\n"),
    ...results.failed.map(({ name, why }) => `\`${name}\` failed and has no times: ${why}`),
  ].join("\n\n");
}

function memory(peakMemoryMb: number | undefined): string {
  return peakMemoryMb === undefined ? "" : `; peak memory ${peakMemoryMb} MB`;
}

function targetCell({ words, reached, met }: Judged): string {
  const aim = words.slice(words.indexOf(":") + 2);
  return met === null ? `${aim}: not compared` : `${aim}: ${reached}, ${met ? "met" : "**missed**"}`;
}

/**
 * A timing with its extremes, for a table.
 * @param timing - the runs
 * @returns median, and the range where there are several runs
 */
export function spread({ median, fastest, slowest, runs }: Timing): string {
  return runs.length < 2
    ? seconds(median)
    : `${seconds(median)} (${seconds(fastest)} to ${seconds(slowest)})`;
}

function times(ratio: number): string {
  const figures = ratio >= 100 ? String(Math.round(ratio)) : String(Number(ratio.toPrecision(2)));
  return `${figures} x as long`;
}

/**
 * Where and when results were measured.
 * @param results - date and machine of a result file
 * @returns a sentence, which says so when the machine was busy
 */
export function measuredOn({ date, machine }: { readonly date: string; readonly machine: Machine }): string {
  const { cpu, cores, memoryGb, node, r, commit, dirty, coresBusy, loadAverage } = machine;
  const busy = wasBusy(machine)
    ? `; **provisional: the machine was busy** (${coresBusy} cores in use by others, load average ${loadAverage})`
    : "";
  return `Medians on ${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ${r ?? "no R"}, ${date.slice(0, 10)}, commit ${commit}${dirty ? " with changes" : ""}${busy}.`;
}

/**
 * A Markdown table.
 * @param head - titles
 * @param rows - cells
 * @returns the table, without spaces to align it
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}
