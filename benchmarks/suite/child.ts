// Measures one case in a process of its own, so that no case is timed in memory and compiled code that others left.
// Started by run.ts; its answer goes to the parent as a message.
import { CASES } from "./cases/index.js";

const name = process.argv[2];
const found = CASES.find((each) => each.name === name);
if (found === undefined) throw new Error(`There is no case ${name}.`);
const measured = await found.measure();
process.send!(measured);
process.disconnect();
