import { addInto, type Pass } from "./pass.js";

// A thread that runs a job (the leader) is helped by threads that have nothing else to do (assistants), through shared memory alone:
//   - The leader writes input and text of a pass, opens it (CLAIM, then GENERATION) and rings the bell.
//   - Leader and assistants claim parts by counting CLAIM down. The word carries the generation, so that nobody claims a part of one
//     pass with the input of another; and a claim that succeeds proves that the input was whole when it was copied before, because the
//     leader writes the next one only when all parts are claimed.
//   - Every assistant writes to memory of its own, and says for each part of which generation it is (`done`). What a slow one writes of
//     an earlier pass is in nobody's way and taken for nothing else.
//   - The leader waits for parts claimed by others only a little longer than a part takes, then computes them itself. So it needs no
//     assistant to go on, to be alive, or to come at all; and a part has the same bits whoever computed it.

/** Words of `control`. */
const BELL = 0;
const GENERATION = 1;
/** Low 16 bits of the generation, and parts not yet claimed. */
const CLAIM = 2;
/** Counts parts finished by assistants: what the leader waits on. */
const FINISHED = 3;
const CLOSED = 4;
/** Assistants there now; one that dies is counted still. */
const PRESENT = 5;
const INPUT_LENGTH = 6;
const TEXT_LENGTH = 7;
const CONTROL_WORDS = 8;

const LARGEST_INPUT = 1 << 14;
const LONGEST_TEXT = 1 << 12;
/** Most parts of a pass; 16 bits of CLAIM would hold more. */
const MOST_PARTS = 1 << 15;
/** Numbers that the parts of one assistant in one pass can have: the system provides memory only where it is written to. */
const NUMBERS_PER_ASSISTANT = 1 << 19;

/** The shared memory of a team: a leader and up to `nSlots` assistants. */
export interface TeamMemory {
  readonly nSlots: number;
  readonly nParts: number;
  readonly control: Int32Array;
  /** nSlots: 1 where the assistant is asked to leave. */
  readonly leave: Int32Array;
  /** nSlots x nParts: generation of the pass that the assistant last finished the part of. */
  readonly done: Int32Array;
  readonly text: Uint16Array;
  readonly input: Float64Array;
  /** nSlots x NUMBERS_PER_ASSISTANT: parts as the assistant computed them, `width` numbers each. */
  readonly results: Float64Array;
}

/** What helps the thread that runs a job. */
export interface Team {
  /** Parts that assistants have contributed. */
  readonly helped: number;
  /**
   * Takes a pass with the assistants.
   * @returns false where there are none, or the pass does not fit the team's memory: then nothing was done
   */
  sum(pass: Pass, text: string, input: Float64Array, out: Float64Array): boolean;
}

/**
 * Allocates the memory of a team.
 * @param nSlots - most assistants at a time
 * @param nParts - most parts of a pass
 * @returns zeros on shared memory
 */
export function allocateTeam(nSlots: number, nParts: number): TeamMemory {
  const parts = Math.min(nParts, MOST_PARTS);
  return {
    nSlots,
    nParts: parts,
    control: new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS)),
    leave: new Int32Array(new SharedArrayBuffer(4 * nSlots)),
    done: new Int32Array(new SharedArrayBuffer(4 * nSlots * parts)),
    text: new Uint16Array(new SharedArrayBuffer(2 * LONGEST_TEXT)),
    input: new Float64Array(new SharedArrayBuffer(8 * LARGEST_INPUT)),
    results: new Float64Array(new SharedArrayBuffer(8 * nSlots * NUMBERS_PER_ASSISTANT)),
  };
}

/**
 * Ends a team: its assistants leave.
 * @param memory - the team's
 */
export function closeTeam({ control }: TeamMemory): void {
  Atomics.store(control, CLOSED, 1);
  ring(control);
}

/**
 * Asks an assistant to leave after the part it is at.
 * @param memory - the team's
 * @param slot - the assistant's
 */
export function dismissAssistant({ control, leave }: TeamMemory, slot: number): void {
  Atomics.store(leave, slot, 1);
  ring(control);
}

/**
 * Makes a slot ready for an assistant; nobody may be in it.
 * @param memory - the team's
 * @param slot - the slot
 */
export function prepareSlot({ leave }: TeamMemory, slot: number): void {
  Atomics.store(leave, slot, 0);
}

function ring(control: Int32Array): void {
  Atomics.add(control, BELL, 1);
  Atomics.notify(control, BELL);
}

/**
 * Looked at again and again for so long before the thread sleeps, in milliseconds: passes follow one another sooner than a thread wakes
 * (of passes of 1.3 ms it takes a tenth).
 */
const AWAKE_MS = 0.1;

/** Waits while a word has a value, so many milliseconds at most. */
function waitWhile(
  control: Int32Array,
  word: number,
  value: number,
  longestMs: number = Number.POSITIVE_INFINITY,
): void {
  const until = performance.now() + Math.min(AWAKE_MS, longestMs);
  while (performance.now() < until) if (Atomics.load(control, word) !== value) return;
  Atomics.wait(control, word, value, longestMs);
}

/** Claims a part of the pass of a generation; -1 where it has none left, or is over. */
function claim(control: Int32Array, generation: number): number {
  for (;;) {
    const word = Atomics.load(control, CLAIM);
    const left = word & 0xffff;
    if (left === 0 || word >>> 16 !== (generation & 0xffff)) return -1;
    if (Atomics.compareExchange(control, CLAIM, word, word - 1) === word) return left - 1;
  }
}

/**
 * Helps a leader until it has finished or asks to leave. Blocks the thread.
 * @param memory - the team's
 * @param slot - this assistant's, from 0
 * @param passOf - makes the pass of a text
 */
export function assist(memory: TeamMemory, slot: number, passOf: (text: string) => Pass): void {
  const { control, leave } = memory;
  Atomics.add(control, PRESENT, 1);
  try {
    let last = 0;
    for (;;) {
      const bell = Atomics.load(control, BELL);
      if (Atomics.load(control, CLOSED) === 1 || Atomics.load(leave, slot) === 1) return;
      const generation = Atomics.load(control, GENERATION);
      if (generation === last) waitWhile(control, BELL, bell);
      else helpWith(memory, slot, generation, passOf);
      last = generation;
    }
  } finally {
    Atomics.sub(control, PRESENT, 1);
  }
}

function helpWith(
  memory: TeamMemory,
  slot: number,
  generation: number,
  passOf: (text: string) => Pass,
): void {
  const { control, done, results, nParts } = memory;
  // Copied before the first claim: see above.
  const input = memory.input.slice(0, Atomics.load(control, INPUT_LENGTH));
  const text = String.fromCharCode(...memory.text.subarray(0, Atomics.load(control, TEXT_LENGTH)));
  let pass: Pass | undefined;
  for (let part = claim(control, generation); part >= 0; part = claim(control, generation)) {
    pass ??= passOf(text);
    pass.compute(part, input, results, slot * NUMBERS_PER_ASSISTANT + part * pass.width);
    Atomics.store(done, slot * nParts + part, generation);
    Atomics.add(control, FINISHED, 1);
    Atomics.notify(control, FINISHED);
    if (Atomics.load(memory.leave, slot) === 1) return;
  }
}

/** Longest wait for a part of another thread, in parts of one's own, and at least, in milliseconds. */
const PATIENCE_PARTS = 2;
const PATIENCE_MS = 1;
/** The same where this thread has computed none itself. */
const PATIENCE_WITHOUT_MS = 20;

/** Marks a part that the leader has computed, among the slots. */
const OWN = -1;
const MISSING = -2;

/**
 * Makes the team of a job, in the thread that runs it.
 * @param memory - the team's
 * @returns the team
 */
export function createTeam(memory: TeamMemory): Team {
  const { control, nParts, nSlots } = memory;
  /** Where each part of the pass is: a slot, OWN or MISSING. */
  const source = new Int32Array(nParts);
  let own = new Float64Array(0);
  let generation = 0;
  let helped = 0;

  const publish = (pass: Pass, text: string, input: Float64Array): void => {
    generation++;
    memory.input.set(input);
    for (let c = 0; c < text.length; c++) memory.text[c] = text.charCodeAt(c);
    Atomics.store(control, INPUT_LENGTH, input.length);
    Atomics.store(control, TEXT_LENGTH, text.length);
    Atomics.store(control, CLAIM, ((generation & 0xffff) << 16) | pass.nParts);
    Atomics.store(control, GENERATION, generation);
    ring(control);
  };

  const computeOwn = (pass: Pass, part: number, input: Float64Array): void => {
    pass.compute(part, input, own, part * pass.width);
    source[part] = OWN;
  };

  /** Looks which of the missing parts are there now; returns one that is not, or -1. */
  const firstMissing = (count: number): number => {
    let missing = -1;
    for (let part = 0; part < count; part++) {
      if (source[part] !== MISSING) continue;
      for (let slot = 0; slot < nSlots && source[part] === MISSING; slot++)
        if (Atomics.load(memory.done, slot * nParts + part) === generation) source[part] = slot;
      if (source[part] === MISSING && missing < 0) missing = part;
    }
    return missing;
  };

  /** Waits for the parts of others, and computes those that do not come. */
  const collect = (pass: Pass, input: Float64Array, patienceMs: number): void => {
    const until = performance.now() + patienceMs;
    for (;;) {
      const finished = Atomics.load(control, FINISHED);
      const missing = firstMissing(pass.nParts);
      if (missing < 0) return;
      const left = until - performance.now();
      if (left > 0) waitWhile(control, FINISHED, finished, left);
      else computeOwn(pass, missing, input);
    }
  };

  return {
    get helped() {
      return helped;
    },
    sum(pass, text, input, out) {
      if (Atomics.load(control, PRESENT) === 0 || !fits(memory, pass, text, input)) return false;
      if (own.length < pass.nParts * pass.width) own = new Float64Array(pass.nParts * pass.width);
      source.fill(MISSING, 0, pass.nParts);
      publish(pass, text, input);
      let longestMs = 0;
      let begun = performance.now();
      for (let part = claim(control, generation); part >= 0; part = claim(control, generation)) {
        computeOwn(pass, part, input);
        const now = performance.now();
        longestMs = Math.max(longestMs, now - begun);
        begun = now;
      }
      collect(pass, input, longestMs === 0 ? PATIENCE_WITHOUT_MS : PATIENCE_MS + PATIENCE_PARTS * longestMs);
      for (let part = 0; part < pass.nParts; part++) {
        const slot = source[part]!;
        if (slot === OWN) addInto(out, own, part * pass.width);
        else {
          addInto(out, memory.results, slot * NUMBERS_PER_ASSISTANT + part * pass.width);
          helped++;
        }
      }
      return true;
    },
  };
}

function fits({ nParts }: TeamMemory, pass: Pass, text: string, input: Float64Array): boolean {
  return (
    pass.nParts > 1 &&
    pass.nParts <= nParts &&
    pass.nParts * pass.width <= NUMBERS_PER_ASSISTANT &&
    text.length <= LONGEST_TEXT &&
    input.length <= LARGEST_INPUT
  );
}
