import type { Progress } from "../models/jobs/job.js";
import { formatDuration } from "../report/format.js";

/** Shows progress on standard error while a command works. */
export interface ProgressLine {
  /** Shows or renews the line. */
  readonly update: (progress: Progress) => void;
  /** Prints a sentence above the line. */
  readonly note: (sentence: string) => void;
  /** Takes the line away. */
  readonly finish: () => void;
}

/**
 * Makes a progress line. On a terminal it is one line that renews itself, with an estimate of the time
 * left; elsewhere it is quiet, so that logs hold results only.
 * @param stream - where to write; a terminal or not
 * @param options - `notes`: whether sentences are printed where there is no terminal (default true)
 * @returns the line
 */
export function createProgressLine(
  stream: NodeJS.WriteStream = process.stderr,
  options: { readonly notes?: boolean } = {},
): ProgressLine {
  const live = stream.isTTY === true;
  let shown = false;
  let lastMs = 0;
  const clear = (): void => {
    if (shown) stream.write("\r\u001b[2K");
    shown = false;
  };
  return {
    update(progress) {
      if (!live) return;
      const nowMs = Date.now();
      // Ten times a second is plenty for an eye; the last report of a stage is always shown.
      if (nowMs - lastMs < 100 && progress.done < progress.total) return;
      lastMs = nowMs;
      clear();
      stream.write(progressText(progress).slice(0, Math.max(20, (stream.columns ?? 80) - 1)));
      shown = true;
    },
    note(sentence) {
      if (!live && options.notes === false) return;
      clear();
      stream.write(`${sentence}\n`);
    },
    finish: clear,
  };
}

/**
 * Words a progress report.
 * @param progress - the report
 * @returns e.g. `fitting GMM: 12 of 40, 8 s, about 20 s left`
 */
export function progressText(progress: Progress): string {
  const { stage, done, total, elapsedSeconds, remainingSeconds } = progress;
  const left =
    remainingSeconds === null || done >= total ? "" : `, about ${formatDuration(remainingSeconds)} left`;
  const count = total > 1 ? `: ${done} of ${total}` : "";
  return `${stage}${count}, ${formatDuration(elapsedSeconds)}${left}`;
}
