import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";

/** What a running platform tells others of itself, in its data folder. */
export type Run = z.infer<typeof runShape>;

const runShape = z.object({
  pid: z.int(),
  urls: z.object({
    gateway: z.string(),
    sandbox: z.string(),
    mailbox: z.string(),
    smtp: z.string(),
    metrics: z.string(),
  }),
});

/** Writes it down for others. */
export async function writeRunFile(file: string, run: Run): Promise<void> {
  await writeFile(file, `${JSON.stringify(run, null, 2)}\n`);
}

/** Reads what the last platform that was ready has written; it may have been killed since. Undefined when there is nothing. */
export async function readRunFile(file: string): Promise<Run | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  try {
    return runShape.parse(JSON.parse(text));
  } catch {
    // Not there, being written, or another version's.
    return undefined;
  }
}
