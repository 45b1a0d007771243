import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const keyBytes = 32;

/** Reads the key that workload tokens are signed with; when asked, makes a file that is not there, for its owner only. */
export async function openWorkloadKey(file: string, create: boolean): Promise<Uint8Array> {
  if (create) await createKeyFile(file);
  const key = Buffer.from((await readFile(file, "utf8")).trim(), "base64");
  if (key.byteLength < keyBytes) throw new Error(`${file} does not hold ${keyBytes} bytes in base64`);
  return key;
}

async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${randomBytes(keyBytes).toString("base64")}\n`, { mode: 0o600, flush: true });
  try {
    // A link is there whole or not at all, whoever else makes one at the same moment and whenever the process ends.
    await link(draft, file);
  } catch (error) {
    if (!isExisting(error)) throw error;
  } finally {
    await unlink(draft);
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
