import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { chmod, chown, link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

/** One version of the key-encryption key. */
type KeyVersion = {
  /** Grows with each rotation, from 1. */
  readonly version: number;
  /** 32 bytes, in base64 in the file. */
  readonly key: Uint8Array;
  /** When it came into the file; absent for keys of before that was written down. */
  readonly createTime?: Temporal.Instant | undefined;
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
    versions: parsed.versions.map(({ version, key, createTime }) => ({
      version,
      key: Buffer.from(key, "base64"),
      createTime: createTime === undefined ? undefined : Temporal.Instant.from(createTime),
    })),
  });
}

/** Makes a file with a first version, for its owner alone; one that is there already is left as it is. */
export async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = await writeDraft(file, {
    indexKey: randomBytes(keyBytes),
    versions: [{ version: 1, key: randomBytes(keyBytes), createTime: Temporal.Now.instant() }],
  });
  try {
    // Two that start together must end with the same keys: a link fails where a file is.
    await link(draft, file);
    await syncFolder(file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
}

/**
 * Adds a version to a file and answers its number; older ones stay, for reading. Processes that have opened the file
 * encrypt with it within `keyFileReadEveryMs`. Two that change a file at once overwrite each other: the caller sees to it
 * that there is one.
 */
export async function addKeyVersion(file: string): Promise<number> {
  const material = readKeyFile(file);
  const version = (material.versions.at(-1)?.version ?? 0) + 1;
  const added = { version, key: randomBytes(keyBytes), createTime: Temporal.Now.instant() };
  await replaceKeyFile(file, { ...material, versions: [...material.versions, added] });
  return version;
}

/** Takes the versions before one out of a file and answers their numbers. What they have encrypted is lost by that. */
export async function removeKeyVersionsBefore(file: string, version: number): Promise<readonly number[]> {
  const material = readKeyFile(file);
  const isOlder = (known: KeyVersion): boolean => known.version < version;
  const older = material.versions.filter(isOlder);
  const versions = material.versions.filter((known) => !isOlder(known));
  if (older.length > 0) await replaceKeyFile(file, checked({ ...material, versions }));
  return older.map((known) => known.version);
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
  versions: z.array(z.object({ version: z.int(), key: keyText, createTime: z.iso.datetime().optional() })),
});

/** At once for whoever reads it, and readable by nobody else than before: the file may be another user's, or its group's. */
async function replaceKeyFile(link: string, material: KeyMaterial): Promise<void> {
  const file = realpathSync(link);
  const { uid, gid, mode } = statSync(file);
  const draft = await writeDraft(file, material);
  try {
    if (process.platform !== "win32") {
      await chown(draft, uid, gid);
      await chmod(draft, 0o600 | (mode & 0o040));
    }
    await rename(draft, file);
    await syncFolder(file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** A name that a power failure takes back would take with it what was encrypted since. */
async function syncFolder(file: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeDraft(file: string, { indexKey, versions }: KeyMaterial): Promise<string> {
  const base64 = (key: Uint8Array): string => Buffer.from(key).toString("base64");
  const content = {
    indexKey: base64(indexKey),
    versions: versions.map(({ version, key, createTime }) => ({
      version,
      key: base64(key),
      ...(createTime === undefined ? {} : { createTime: createTime.toString() }),
    })),
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
