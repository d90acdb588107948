import type { TimeSpec } from "../prep/types.js";

/**
 * Words for the time axis.
 * @param time - the resolved time axis
 * @returns e.g. `Weeks from first session`, `Session (the first is 0)`, `Months`
 */
export function timeLabelOf(time: TimeSpec): string {
  if (time.kind === "session") return "Session (the first is 0)";
  const unit = time.unit.charAt(0).toUpperCase() + time.unit.slice(1);
  if (time.origin === "first-session") return `${unit} from first session`;
  if (time.origin === "column") return `${unit} from ${(time.originColumn ?? "").replaceAll("_", " ")}`;
  return unit;
}
