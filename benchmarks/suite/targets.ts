import { seconds } from "../measure.js";
import type { Judged, Measured, Target } from "./types.js";

/**
 * Compares the figures of a case with those to reach.
 * @param targets - of the case
 * @param measured - what it found
 * @returns one verdict per target; `met` is null where what it compares with is missing
 */
export function judge(targets: readonly Target[], measured: Measured): Judged[] {
  return targets.map((target) => judgeOne(target, measured));
}

function judgeOne(target: Target, { measures, peers }: Measured): Judged {
  const measure = measures.find(({ name }) => name === target.measure);
  const words = targetWords(target);
  const missing: Judged = { words, value: null, reached: "not compared", met: null };
  if (measure === undefined) return missing;
  const { median } = measure.seconds;
  if ("atMostSeconds" in target)
    return { words, value: median, reached: seconds(median), met: median <= target.atMostSeconds };
  if ("atMostMb" in target) {
    const value = measure.peakMemoryMb;
    if (value === undefined) return missing;
    return { words, value, reached: `${value} MB`, met: value <= target.atMostMb };
  }
  const peer = peers.find(({ name }) => name === target.peer);
  if (peer === undefined) return missing;
  const speed = peer.seconds.median / median;
  if ("timesAsFast" in target)
    return { words, value: speed, reached: `${figures(speed)} x`, met: speed >= target.timesAsFast };
  const times = 1 / speed;
  return { words, value: times, reached: `${figures(times)} times`, met: times <= target.atMostTimes };
}

function targetWords(target: Target): string {
  if ("atMostSeconds" in target) return `${target.measure}: at most ${seconds(target.atMostSeconds)}`;
  if ("atMostMb" in target) return `${target.measure}: at most ${target.atMostMb} MB`;
  if ("timesAsFast" in target) return `${target.measure}: ${target.timesAsFast} x as fast as ${target.peer}`;
  return `${target.measure}: at most ${target.atMostTimes} times ${target.peer}`;
}

/** Three figures, no exponent. */
function figures(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
