// Prints "N passed, N failed, N skipped" from vitest's JSON report (the argument). Status 1 when a test
// failed, when a test file did not load, or when no test ran.
import { readFileSync } from "node:fs";

let report;
try {
  report = JSON.parse(readFileSync(process.argv[2], "utf8"));
} catch {
  console.log("The test runner left no report.");
  console.log("0 passed, 1 failed, 0 skipped");
  process.exit(1);
}
const passed = report.numPassedTests;
const skipped = report.numPendingTests + report.numTodoTests;
// A file that does not load has no test to count, so it counts as one failure itself.
const unloaded = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
);
const failed = report.numFailedTests + unloaded.length;
for (const file of unloaded) console.log(`did not load: ${file.name}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || passed === 0 || !report.success ? 1 : 0);
