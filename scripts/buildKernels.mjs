// Compiles assembly/estep.ts (AssemblyScript) to WebAssembly, once per size of the time basis, and writes the modules as text into
// src/models/kernels/plain/modules.generated.ts, so that the engine needs no file at run time (in a browser, in one bundle).
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "assembly");
const target = join(root, "src", "models", "kernels", "plain", "modules.generated.ts");
/** Columns of the time basis that a module is made for; fewer are filled up with zeros. */
const SIZES = [3, 4];

function isUpToDate() {
  if (!existsSync(target)) return false;
  const made = statSync(target).mtimeMs;
  const inputs = [
    fileURLToPath(import.meta.url),
    join(root, "package-lock.json"),
    ...readdirSync(sources).map((name) => join(sources, name)),
  ];
  return inputs.every((path) => statSync(path).mtimeMs <= made);
}

/**
 * Compiles the modules when they are missing or older than their sources.
 * @returns {Promise<boolean>} whether there was anything to do
 */
export async function buildKernels() {
  if (isUpToDate()) return false;
  const { default: asc } = await import("assemblyscript/asc");
  const folder = mkdtempSync(join(tmpdir(), "symtraj-kernels-"));
  const entries = [];
  try {
    for (const size of SIZES) {
      const out = join(folder, `estep${size}.wasm`);
      const { error, stderr } = await asc.main([
        join(sources, "estep.ts"),
        ...["--outFile", out, "--use", `M=${size}`],
        ...[
          "-O3",
          "--noAssert",
          "--runtime",
          "stub",
          "--enable",
          "simd",
          "--initialMemory",
          "4",
          "--memoryBase",
          "64",
        ],
      ]);
      if (error) throw new Error(`assembly/estep.ts does not compile for M = ${size}: ${stderr.toString()}`);
      entries.push(`  ${size}: "${readFileSync(out).toString("base64")}",`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const text = [
    "// Made from assembly/ by scripts/buildKernels.mjs; not to be edited.",
    "/** Compiled assembly/estep.ts in base 64, by the number of columns of the time basis. */",
    "export const MODULES: Readonly<Record<number, string>> = {",
    ...entries,
    "};",
    "",
  ].join("\n");
  writeFileSync(target, text);
  return true;
}
