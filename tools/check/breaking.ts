import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { git } from "./git.ts";
import { runScript } from "./run-command.ts";
import type { Outcome } from "./run-steps.ts";

/**
 * Compares the contracts with those of the previous release: the last tag or, as long as there is none, the parent of
 * this change. Skipped, and counted so, when there is nothing to compare with.
 */
export async function checkBreaking(): Promise<Outcome> {
  const before = await previousRelease();
  if (before === undefined) return skipped("no tag and no parent commit");
  const archive = await git(["archive", "--format=tar", before, "--", "buf.yaml", "proto"]);
  if (archive === undefined) return skipped(`${before} has no contracts`);
  const folder = await mkdtemp(join(tmpdir(), "dawr-breaking-"));
  try {
    const file = join(folder, "before.tar");
    await writeFile(file, archive);
    const { exitCode, output } = await runScript("node_modules/@bufbuild/buf/bin/buf", ["breaking", "--against", file]);
    const note = `against ${before}`;
    return exitCode === 0
      ? { passed: 1, failed: 0, skipped: 0, output: "", note }
      : { passed: 0, failed: 1, skipped: 0, output, note };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function previousRelease(): Promise<string | undefined> {
  const tag = await git(["describe", "--tags", "--abbrev=0"]);
  if (tag !== undefined) return tag.toString().trim();
  const changed = await git(["status", "--porcelain", "--", "proto", "buf.yaml"]);
  const parent = changed !== undefined && changed.length > 0 ? "HEAD" : "HEAD~1";
  return (await git(["rev-parse", "--verify", "--quiet", `${parent}^{commit}`])) === undefined ? undefined : parent;
}

function skipped(note: string): Outcome {
  return { passed: 0, failed: 0, skipped: 1, output: "", note };
}
