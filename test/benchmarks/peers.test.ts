import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runPeers } from "../../benchmarks/suite/peers.js";

const REQUEST = { name: "lme4", script: "growth.R", runs: 2, tolerance: 1e-3, because: "the same maximum" };

describe("R packages beside ours", () => {
  const path = process.env.PATH!;
  let folder: string;
  let lines: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "symtraj-peers-"));
    lines = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  });
  afterEach(() => {
    process.env.PATH = path;
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Puts a program called Rscript first in the path. */
  function fakeR(body: string): void {
    writeFileSync(join(folder, "Rscript"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    process.env.PATH = `${folder}${delimiter}${path}`;
  }
  const answer = (logLikelihood: number) =>
    `echo '{"package":"lme4","version":"1","r":"R 4","call":"lmer()","logLikelihood":${logLikelihood},"seconds":[2,1,3]}'`;

  it("are left out with a line where there is no R", () => {
    process.env.PATH = folder;
    expect(runPeers([REQUEST], "data.csv", -10, "case")).toEqual({ peers: [], words: [] });
    expect(lines.join()).toContain("left out");
  });

  it("are left out with the reason where the package is missing", () => {
    fakeR("echo \"Error: there is no package called 'lme4'\" >&2; exit 1");
    expect(runPeers([REQUEST], "data.csv", -10, "case").peers).toEqual([]);
    expect(lines.join()).toContain("no package called");
  });

  it("count when their answer is ours", () => {
    fakeR(answer(-10.0004));
    const { peers, words } = runPeers([REQUEST], "data.csv", -10, "case");
    expect(peers[0]).toMatchObject({ name: "lme4", version: "1, R 4", logLikelihood: -10.0004 });
    expect(peers[0]!.seconds.median).toBe(2);
    expect(words).toEqual(["lme4 within 0.001 (the same maximum)"]);
  });

  it("stop the case when it is not", () => {
    fakeR(answer(-10.01));
    expect(() => runPeers([REQUEST], "data.csv", -10, "case")).toThrow(/case against lme4: log-likelihood/);
  });
});
