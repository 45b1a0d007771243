import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runScript } from "./run-command.ts";

/** Paths from the root: generated files that are new or differ, and files in gen/ that nothing generates any more. */
export type Comparison = Readonly<{ changed: readonly string[]; stale: readonly string[] }>;

/** Says which generated files are not what `npm run generate` would write. */
export async function findStaleGenerated(): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "dawr-generated-"));
  try {
    const { changed, stale } = await compareGenerated(await generateInto(folder));
    const found = [...changed.map((path) => `${path}: out of date`), ...stale.map((path) => `${path}: not generated`)];
    return found.length === 0 ? [] : [...found, "run `npm run generate`"];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Generates code from the contracts below the folder and answers where it lies (what buf.gen.yaml calls gen/). */
export async function generateInto(folder: string): Promise<string> {
  const args = ["generate", "--output", folder];
  const { exitCode, output } = await runScript("node_modules/@bufbuild/buf/bin/buf", args);
  if (exitCode !== 0) throw new Error(`buf generate failed: ${output}`);
  const generated = join(folder, "gen");
  if (!existsSync(generated)) throw new Error("buf generate wrote nothing to gen/");
  return generated;
}

/** Compares freshly generated code with gen/; its package.json is written by hand. */
export async function compareGenerated(fresh: string): Promise<Comparison> {
  const wanted = await filesBelow(fresh);
  const present = (await filesBelow(join(root, "gen"))).filter((path) => path !== "package.json");
  const changed: string[] = [];
  for (const path of wanted) {
    if (!(await hasSameContent(join(fresh, path), join(root, "gen", path)))) changed.push(`gen/${path}`);
  }
  const stale = present.filter((path) => !wanted.includes(path)).map((path) => `gen/${path}`);
  return { changed, stale };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function hasSameContent(one: string, other: string): Promise<boolean> {
  return existsSync(other) && (await readFile(one)).equals(await readFile(other));
}
