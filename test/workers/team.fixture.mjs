// Tasks whose work divides into parts, for the tests of teams. What threads do to each other is ordered by flags on shared memory, as in
// tasks.fixture.mjs; the threads run the built package.
import { isMainThread } from "node:worker_threads";
import { preparePass, sumParts } from "../../dist/models/jobs/passes.js";

/** Flags: assistants that have begun a part; what they wait for; leaders begun; parts that assistants have finished. */
const BEGUN = 0;
const GO = 1;
const LED = 2;
const FINISHED = 3;

function raise(flags, index) {
  const before = Atomics.add(flags, index, 1);
  Atomics.notify(flags, index);
  return before;
}

function waitFor(flags, index, least) {
  for (let value = Atomics.load(flags, index); value < least; value = Atomics.load(flags, index))
    Atomics.wait(flags, index, value);
}

/** True while this thread runs the job itself. */
let leads = false;

/** Sums of sines whose order shows in the last bits; `assistant` says what assistants do to their first part. */
const sines = {
  name: "sines",
  make(data, { assistant, nParts = 8 }) {
    return {
      nParts,
      width: 2,
      compute(part, input, out, at) {
        if (!leads) misbehave(data.flags, assistant);
        let sum = 0;
        for (let i = 0; i < 2000; i++)
          sum += Math.sin(data.x[(part * 31 + i) % data.x.length] * input[0]) / (i + 1);
        out[at] = sum;
        out[at + 1] = sum / 3;
        if (!leads) raise(data.flags, FINISHED);
      },
    };
  },
};

function misbehave(flags, assistant) {
  const isFirst = raise(flags, BEGUN) === 0;
  if (assistant === "dies" && isFirst) process.exit(7);
  if (assistant === "throws" && isFirst) throw new Error("an assistant that cannot");
  if (assistant === "is late" && isFirst) waitFor(flags, GO, 1);
}

/** Passes at several inputs, one after the other, once an assistant has begun a part (unless there is to be none). */
function takePasses(data, { assistant = "helps", nParts, inputs }, between) {
  leads = true;
  try {
    const prepared = preparePass(data, sines, { assistant, nParts });
    const pass = (value) => {
      const out = new Float64Array(2);
      sumParts(prepared, Float64Array.of(value), out);
      return [...out];
    };
    while (assistant !== "none" && Atomics.load(data.flags, BEGUN) === 0) pass(inputs[0]);
    return inputs.map((value) => {
      const out = pass(value);
      between?.(value);
      return out;
    });
  } finally {
    leads = false;
  }
}

export const tasks = {
  /** Passes at several inputs, one after the other. Where an assistant is late it is let go after the first. */
  passes(data, input) {
    const alone = isMainThread ? { ...input, assistant: "none" } : input;
    return takePasses(data, alone, (value) => {
      if (value === 1 && input.assistant === "is late") raise(data.flags, GO);
      if (value === 2 && input.assistant === "is late") waitFor(data.flags, FINISHED, 1);
    });
  },
  /** Dies the first time, with an assistant at work. */
  leaderDies(data, input) {
    const isFirst = raise(data.flags, LED) === 0;
    return takePasses(data, { ...input, assistant: isFirst ? "helps" : "none" }, () => {
      if (isFirst) process.exit(8);
    });
  },
  /** Goes on taking passes until it is told to stop. */
  leadUntil(data, input) {
    raise(data.flags, LED);
    let last;
    while (Atomics.load(data.flags, GO) === 0) last = takePasses(data, input);
    return last;
  },
  /** Raises flag `started`, then waits for flag `go`. */
  hold(data, input) {
    raise(data.flags, input.started);
    waitFor(data.flags, input.go, input.least);
    return "held";
  },
};

export const passes = { sines };
