export { createInlineRunner, type InlineOptions } from "./inline.js";
export { MAX_WORKERS } from "./limits.js";
export { createPool, createRunner, type PoolOptions } from "./pool.js";
export { ontoSharedMemory } from "./shared.js";
