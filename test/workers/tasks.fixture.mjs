// Tasks of the worker tests. Threads and test talk through `data.flags`, an Int32Array on shared memory, so
// that events are ordered by handshakes and nothing ever sleeps.

class InputError extends Error {
  constructor(problems) {
    super(problems.map((problem) => problem.message).join("\n"));
    this.name = "InputError";
    this.problems = problems;
  }
}

/** Adds 1 to a flag and wakes whoever waits for it; returns what it was. */
function raise(flags, index) {
  const before = Atomics.add(flags, index, 1);
  Atomics.notify(flags, index);
  return before;
}

/** Blocks this thread until a flag is at least `least`. */
function waitFor(flags, index, least) {
  for (let value = Atomics.load(flags, index); value < least; value = Atomics.load(flags, index))
    Atomics.wait(flags, index, value);
}

export const tasks = {
  /** A sum in a fixed order: the same bits wherever it runs. */
  sum(data, input) {
    let sum = 0;
    for (let i = 0; i < data.x.length; i++) sum += Math.sin(data.x[i] * input.scale) / (i + 1);
    return { scale: input.scale, sum, parts: Float64Array.of(sum, sum / 3) };
  },
  /** What the data look like from here. */
  describe(data) {
    return {
      shared: data.nested.list[0].values.buffer instanceof SharedArrayBuffer,
      same: data.nested.list[0].values === data.again,
      values: [...data.again],
      codes: [...data.nested.codes],
      map: data.map instanceof Map ? [...data.map.get("column")] : null,
      words: data.words,
      nothing: data.nothing,
    };
  },
  /** Raises flag `started`, then waits for flag `go`. */
  hold(data, input) {
    raise(data.flags, input.started);
    waitFor(data.flags, input.go, 1);
    return input.name;
  },
  /** Raises a flag and returns. */
  mark(data, input) {
    raise(data.flags, input.flag);
    return input.name;
  },
  /** Writes into shared memory, for another job to read. */
  write(data, input) {
    data.cells[input.at] = input.value;
  },
  read(data) {
    return [...data.cells];
  },
  /** Kills its thread the first `input.deaths` times. */
  exit(data, input) {
    if (raise(data.flags, input.flag) < input.deaths) process.exit(3);
    return "survived";
  },
  async crash(data, input) {
    if (raise(data.flags, input.flag) < input.deaths) {
      queueMicrotask(() => {
        throw new Error("nobody catches this");
      });
      await new Promise(() => undefined);
    }
    return "survived";
  },
  exhaust() {
    const hoard = [];
    for (;;) hoard.push(new Array(1000).fill(hoard.length + 0.5));
  },
  throws(_data, input) {
    throw new RangeError(`no such thing as ${input.thing}`);
  },
  throwsText() {
    throw "just text";
  },
  refuses() {
    throw new InputError([{ code: "bad-thing", message: "The thing is bad.", fix: "Fix it." }]);
  },
  returnsFunction() {
    return { notData: () => 1 };
  },
};
