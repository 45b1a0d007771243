import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { root, runCommand } from "./run-command.ts";
import type { Outcome } from "./run-steps.ts";

/** What we read of Jest's own report (`--json`). */
type JestReport = Readonly<{
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: readonly Readonly<{ name: string; status: string; message: string }>[];
}>;

/** Runs Jest by one of our configurations and counts its tests; a file that cannot be loaded counts as one failed test. */
export async function runJest(
  config: string,
  limitMinutes: number,
  report: (progress: string) => void,
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "dawr-check-"));
  try {
    const reportFile = join(folder, "report.json");
    const args = ["--config", config, "--ci", "--json", `--outputFile=${reportFile}`];
    let files = 0;
    const { exitCode, output } = await runCommand(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "--experimental-vm-modules", "node_modules/jest/bin/jest.js", ...args],
      {
        limitMinutes,
        onLine: (line) => {
          if (!/^(PASS|FAIL) /.test(line)) return;
          files += 1;
          report(`${files} files, last ${line.replace(/^(PASS|FAIL) /, "")}`);
        },
      },
    );
    return outcomeOf(await readReport(reportFile), exitCode, output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readReport(file: string): Promise<JestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as JestReport;
  } catch {
    // Jest writes no report when its global setup fails: then its output says why, and the caller shows it.
    return undefined;
  }
}

/** What a Jest run amounts to. Without a report, or with an exit code that the report does not explain, it has failed. */
export function outcomeOf(report: JestReport | undefined, exitCode: number, output: string): Outcome {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0, output: output || `ended with ${exitCode}` };
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const isUnexplained = failed === 0 && (exitCode !== 0 || !report.success || passed === 0);
  const failures = report.testResults.filter((file) => file.status === "failed" && file.message !== "");
  return {
    passed,
    failed: isUnexplained ? 1 : failed,
    skipped,
    output: isUnexplained
      ? output || "no test ran"
      : failures.map((file) => `${relative(root, file.name)}\n${file.message}`).join("\n\n"),
    note: `${report.testResults.length} files, ${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  };
}
