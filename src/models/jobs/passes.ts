import { oncePer } from "../../core/memo.js";
import type { SharedData } from "./job.js";
import { addInto, type Pass } from "./pass.js";
import type { Team } from "./team.js";

/** A kind of pass, which every thread that has the data makes for itself. */
export interface PassKind<Data = never, Description = never> {
  /** Its name in `models/tasks.ts`. */
  readonly name: string;
  /** @param description - what the pass needs to know beside the data: plain, JSON-safe, small */
  readonly make: (data: Data, description: Description) => Pass;
}

/** Kinds of passes by name. */
export type PassRegistry = Readonly<Record<string, PassKind>>;

/** A pass over given data, ready to be taken at one input after the other. */
export interface PreparedPass {
  readonly pass: Pass;
  readonly data: object;
  /** Says to another thread with the same data which pass it is. */
  readonly text: string;
}

/**
 * Makes a pass over data, once per data object and description in a thread.
 * @param data - the data
 * @param kind - which pass
 * @param description - what else it needs to know
 * @returns the pass
 */
export function preparePass<Data extends object, Description>(
  data: Data,
  kind: PassKind<Data, Description>,
  description: Description,
): PreparedPass {
  const text = JSON.stringify([kind.name, description]);
  return { pass: oncePer(data, text, () => kind.make(data, description)), data, text };
}

/**
 * Makes a pass from the text of a {@link PreparedPass} in another thread.
 * @param data - the same data
 * @param registry - kinds of passes by name
 * @param text - which pass
 * @returns the pass
 * @throws Error where the registry has no such kind
 */
export function passFromText(data: SharedData, registry: PassRegistry, text: string): Pass {
  return oncePer(data, text, () => {
    const [name, description] = JSON.parse(text) as [string, never];
    const kind = Object.hasOwn(registry, name) ? registry[name] : undefined;
    if (kind === undefined) throw new Error(`there is no pass named ${name}`);
    return kind.make(data as never, description);
  });
}

const teams = new WeakMap<object, Team>();

/**
 * Gives the work on a data object to a team, until it is taken back. Objects made from it (a bootstrap's, with other weights) have no
 * team: assistants know nothing of them.
 * @param data - as the threads of the team have them
 * @param team - the team; null: this thread alone
 */
export function setTeam(data: object, team: Team | null): void {
  if (team === null) teams.delete(data);
  else teams.set(data, team);
}

/**
 * Takes a pass: all parts computed, by this thread and whoever helps it, and added in order.
 * @param prepared - the pass
 * @param input - where
 * @param out - the sum, `width` numbers; overwritten
 */
export function sumParts({ pass, data, text }: PreparedPass, input: Float64Array, out: Float64Array): void {
  out.fill(0);
  if (teams.get(data)?.sum(pass, text, input, out) === true) return;
  const part = oncePer(pass, "part", () => new Float64Array(pass.width));
  for (let p = 0; p < pass.nParts; p++) {
    pass.compute(p, input, part, 0);
    addInto(out, part, 0);
  }
}
