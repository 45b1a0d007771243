import { spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compareGenerated, generateInto } from "./check/generated.ts";
import { root } from "./check/run-command.ts";
import { readOptions } from "./options.ts";

// npm run generate: makes gen/ anew from proto/, docs/errors.md from the error reasons of the contracts, and
// docs/settings.md from the settings of the services.
readOptions("npm run generate: makes gen/, docs/errors.md and docs/settings.md anew", {});
const folder = await mkdtemp(join(tmpdir(), "dawr-generate-"));
try {
  const fresh = await generateInto(folder);
  const { changed, stale } = await compareGenerated(fresh);
  for (const path of stale) await rm(join(root, path));
  for (const path of changed) await cp(join(dirname(fresh), path), join(root, path), { recursive: true });
  console.log(`gen/: ${changed.length} files written, ${stale.length} removed`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

for (const page of ["tools/error-reasons/main.ts", "tools/settings/main.ts"]) {
  const child = spawn(process.execPath, [...process.execArgv, join(root, page)], { cwd: root, stdio: "inherit" });
  const code = await new Promise<number>((resolve) => child.on("exit", (exitCode) => resolve(exitCode ?? 1)));
  if (code !== 0) process.exitCode = code;
}
