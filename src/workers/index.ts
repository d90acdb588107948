/** Runners that do the jobs of a fit in this thread or in a pool of threads. */
export { createInlineRunner, type InlineOptions } from "./inline.js";
export { MAX_WORKERS } from "./limits.js";
export { createPool, createRunner, type PoolOptions } from "./pool.js";
export type { SharedArray } from "./protocol.js";
export { ontoSharedMemory } from "./shared.js";
