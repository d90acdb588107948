// A worker that never starts: it dies while it is loaded.
process.exit(9);
