import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { chmod, link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

/** One version of the key-encryption key. */
type KeyVersion = {
  /** Grows with each rotation, from 1. */
  readonly version: number;
  /** 32 bytes, in base64 in the file. */
  readonly key: Uint8Array;
};

/** All that a key ring is made of. */
export type KeyMaterial = {
  /** The last one encrypts; all of them decrypt. */
  readonly versions: readonly KeyVersion[];
  /** 32 bytes that blind indexes are made with; it stays when versions come and go. */
  readonly indexKey: Uint8Array;
};

/** Reads key material; throws when the file is missing, open to everybody, or not what it should be. */
export function readKeyFile(file: string): KeyMaterial {
  const text = readFileSync(file, "utf8");
  // A group may read: that is how a mounted secret reaches a process that is not root.
  if (process.platform !== "win32" && (statSync(file).mode & 0o007) !== 0) {
    throw new Error(`${file} is open to every user of this machine: chmod 600 it`);
  }
  let parsed: z.infer<typeof fileShape>;
  try {
    parsed = fileShape.parse(JSON.parse(text));
  } catch {
    // The cause would quote keys.
    throw new Error(`${file} does not hold keys as key files do`);
  }
  return checked({
    indexKey: Buffer.from(parsed.indexKey, "base64"),
    versions: parsed.versions.map(({ version, key }) => ({ version, key: Buffer.from(key, "base64") })),
  });
}

/** Makes a file with a first version, for its owner alone; one that is there already is left as it is. */
export async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = await writeDraft(file, {
    indexKey: randomBytes(keyBytes),
    versions: [{ version: 1, key: randomBytes(keyBytes) }],
  });
  try {
    // Two that start together must end with the same keys: a link fails where a file is.
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
}

/**
 * Adds a version to a file and answers its number. A process encrypts with it from its next start on, or from when it
 * first meets something that another has encrypted with it.
 */
export async function addKeyVersion(file: string): Promise<number> {
  const material = readKeyFile(file);
  const version = (material.versions.at(-1)?.version ?? 0) + 1;
  const versions = [...material.versions, { version, key: randomBytes(keyBytes) }];
  await rename(await writeDraft(file, { ...material, versions }), file);
  return version;
}

/** Returns the material; throws when a key has not 32 bytes or versions do not grow. */
export function checked(material: KeyMaterial): KeyMaterial {
  const { versions, indexKey } = material;
  if (versions.length === 0) throw new Error("a key ring needs a version");
  if (indexKey.length !== keyBytes || versions.some(({ key }) => key.length !== keyBytes)) {
    throw new Error(`keys have ${keyBytes} bytes`);
  }
  versions.forEach(({ version }, index) => {
    const before = versions[index - 1]?.version ?? 0;
    if (!Number.isInteger(version) || version <= before || version > 0xffff_ffff) {
      throw new Error("the versions of a key grow from 1");
    }
  });
  return material;
}

const keyBytes = 32;

const keyText = z.base64().min(1);
const fileShape = z.object({
  indexKey: keyText,
  versions: z.array(z.object({ version: z.int(), key: keyText })),
});

async function writeDraft(file: string, { indexKey, versions }: KeyMaterial): Promise<string> {
  const base64 = (key: Uint8Array): string => Buffer.from(key).toString("base64");
  const content = {
    indexKey: base64(indexKey),
    versions: versions.map(({ version, key }) => ({ version, key: base64(key) })),
  };
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
    // Keys that a crash takes away take everything with them.
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(draft, 0o600);
  return draft;
}
