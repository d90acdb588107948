import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../paths.js";

/** One run of the command as a process of its own. */
export interface CommandRun {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly output: string;
  /** User and system time of all its threads; null where it was not asked for. */
  readonly cpuSeconds: number | null;
  readonly peakMemoryMb: number | null;
}

/** The process reports its own peak as it ends: the one way every platform has. */
const USAGE = `data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("\\nPEAK "+u.maxRSS+" CPU "+(u.userCPUTime+u.systemCPUTime)+"\\n")})`;

/**
 * Runs `symtraj` and waits for its end.
 * @param args - its arguments
 * @param usage - also read processor time and peak memory (a few milliseconds more)
 * @returns times and output
 * @throws Error when it ends with another status than 0
 */
export async function runCommand(args: readonly string[], usage: boolean): Promise<CommandRun> {
  const hook = usage ? ["--import", USAGE] : [];
  const begin = performance.now();
  const child = spawn(process.execPath, [...hook, join(ROOT, "dist", "cli", "main.js"), ...args]);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const elapsed = (performance.now() - begin) / 1000;
  if (status !== 0)
    throw new Error(`symtraj ${args.join(" ")} ended with status ${status}: ${errors.slice(-2000)}`);
  const found = usage ? /PEAK (\d+) CPU (\d+)/.exec(errors) : null;
  return {
    seconds: elapsed,
    output,
    peakMemoryMb: found === null ? null : Math.round(Number(found[1]) / 1024),
    cpuSeconds: found === null ? null : Number(found[2]) / 1e6,
  };
}
