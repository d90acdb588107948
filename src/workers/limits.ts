/** Most worker threads that may be asked for; machines have fewer processors, and `auto` must not exceed it. */
export const MAX_WORKERS = 1024;
