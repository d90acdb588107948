/** Something the reader should know before believing the result. */
export interface Caution {
  /** `serious`: the result should not be used as it stands; `note`: it can be, with this in mind. */
  readonly weight: "serious" | "note";
  readonly text: string;
  /** What to do about it; empty where there is nothing. */
  readonly advice: string;
}
