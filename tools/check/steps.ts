import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkBreaking } from "./breaking.ts";
import { findUnconventional } from "./conventions.ts";
import { findStaleGenerated } from "./generated.ts";
import { runJest } from "./jest-run.ts";
import { type Finished, root, runScript } from "./run-command.ts";
import type { Outcome, Step } from "./run-steps.ts";

const modules = "node_modules";
const houseFolders = ["packages", "services", "gen", "tools", "bench"].filter((name) => existsSync(join(root, name)));

/** What takes seconds, and every test that does not take long: the quick answers first. */
export const fastSteps: readonly Step[] = [
  command("format and lint", `${modules}/@biomejs/biome/bin/biome`, ["ci", "--colors=off", "--max-diagnostics=200"]),
  findings("conventions", findUnconventional),
  command("boundaries", `${modules}/dependency-cruiser/bin/dependency-cruiser.mjs`, [
    "--config",
    ".dependency-cruiser.cjs",
    ...houseFolders,
  ]),
  command("unused code", `${modules}/knip/bin/knip.js`, ["--no-progress", "--no-config-hints"]),
  command("contracts lint", `${modules}/@bufbuild/buf/bin/buf`, ["lint"]),
  command("contracts format", `${modules}/@bufbuild/buf/bin/buf`, [
    "format",
    "--diff",
    "--exit-code",
    "--exclude-path",
    "proto/buf",
    "--exclude-path",
    "proto/google",
  ]),
  { name: "contracts breaking", run: checkBreaking },
  findings("generated code", findStaleGenerated),
  command("error reasons", "tools/error-reasons/main.ts", ["--check"]),
  command("settings page", "tools/settings/main.ts", ["--check"]),
  command("types", `${modules}/typescript/bin/tsc`, ["-p", "tsconfig.json", "--pretty", "false"]),
  { name: "tests", run: (report) => runJest("jest.config.js", 10, report) },
];

/** What takes minutes. */
export const slowSteps: readonly Step[] = [
  { name: "slow tests", run: (report) => runJest("jest.slow.config.js", 25, report) },
  command("demo", "tools/demo/main.ts", []),
  command("torture", "tools/torture/main.ts", ["--seconds", "20", "--seed", "1"]),
];

/** A step that is one program: it passes when the program exits with 0. While it runs, its last line is shown. */
function command(name: string, script: string, args: readonly string[]): Step {
  return {
    name,
    run: async (report) => {
      if (!existsSync(join(root, script))) throw new Error(`${script} is missing`);
      const onLine = (line: string) => (line.trim() === "" ? undefined : report(line.trim().slice(0, 80)));
      return outcomeOfCommand(await runScript(script, args, { onLine }));
    },
  };
}

function outcomeOfCommand({ exitCode, output }: Finished): Outcome {
  return exitCode === 0
    ? { passed: 1, failed: 0, skipped: 0, output: "" }
    : { passed: 0, failed: 1, skipped: 0, output: output.trim() === "" ? `ended with ${exitCode}` : output };
}

/** A step of our own that answers one line for each thing that is wrong. */
function findings(name: string, find: () => Promise<readonly string[]>): Step {
  return {
    name,
    run: async () => {
      const found = await find();
      return found.length === 0
        ? { passed: 1, failed: 0, skipped: 0, output: "" }
        : { passed: 0, failed: 1, skipped: 0, output: found.join("\n") };
    },
  };
}
