import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { statSync } from "node:fs";
import { DecryptionError, seal, unseal } from "./cipher.ts";
import { type DataKey, dataKey } from "./data-key.ts";
import { checked, createKeyFile, type KeyMaterial, readKeyFile } from "./key-file.ts";

/** Encrypts, signs and hides values with keys that it never shows. `context` says what a value is, and is bound into it. */
export type KeyRing = {
  /** The version that encrypts. */
  readonly currentVersion: number;
  /** AES-256-GCM under the current version; each result differs. */
  encrypt(plain: Uint8Array | string, context: string): Uint8Array;
  /** What encrypt() was given, under any version of the ring; throws DecryptionError. */
  decrypt(sealed: Uint8Array, context: string): Uint8Array;
  /** The version that encrypted; undefined for bytes that no ring made. */
  versionOf(sealed: Uint8Array): number | undefined;
  /** 32 bytes, the same for the same value: for finding an encrypted value. Normalise the value first. */
  blindIndex(value: string, context: string): Uint8Array;
  /** HMAC-SHA256 under the current version, with the version before it. */
  sign(bytes: Uint8Array | string, context: string): Uint8Array;
  /** Whether sign() made the signature, under any version of the ring. */
  verify(bytes: Uint8Array | string, signature: Uint8Array, context: string): boolean;
  /** A new data key, and the form in which it is stored. */
  newDataKey(context: string): { readonly key: DataKey; readonly wrapped: Uint8Array };
  /** A data key in the form in which it is stored. */
  wrapDataKey(key: DataKey, context: string): Uint8Array;
  /** The data key that was stored; throws DecryptionError. */
  unwrapDataKey(wrapped: Uint8Array, context: string): DataKey;
};

/** Key material given as a value: tests, and vaults. */
export type GivenKeys = {
  readonly versions: readonly { readonly version: number; readonly key: Uint8Array | string }[];
  /** Derived from version 1 unless given, which then must not be taken away. */
  readonly indexKey?: Uint8Array | string;
};

/** A ring looks this often whether its file has changed, before it encrypts or signs. */
export const keyFileReadEveryMs = 5_000;

/**
 * Opens the ring of a key file, which is made first when asked; or of keys that are given (bytes, or base64). The ring of a
 * file follows its changes. Throws when the file is missing, readable by everybody, or not one.
 */
export async function openKeyRing(source: string | GivenKeys, options: { create?: boolean } = {}): Promise<KeyRing> {
  if (typeof source !== "string") return keyRing(materialOf(source));
  if (options.create === true) await createKeyFile(source);
  const stamp = stampOf(source);
  return keyRing(readKeyFile(source), { path: source, stamp });
}

function keyRing(material: KeyMaterial, file?: { readonly path: string; stamp: string }): KeyRing {
  let opened = openVersions(material);
  let lookedMs = performance.now();
  let missedMs = Number.NEGATIVE_INFINITY;
  const index = subkey(material.indexKey, "blind index");

  /** The version that encrypts: what is written with an old one for long would be lost when that one is taken away. */
  function current(): Subkeys {
    if (performance.now() - lookedMs >= keyFileReadEveryMs) look();
    return opened.current;
  }

  /** Another process may know a newer file already: what it has encrypted is looked up there. */
  function find(version: number | undefined): Subkeys | undefined {
    if (version === undefined) return undefined;
    const found = opened.byVersion.get(version);
    if (found !== undefined || version <= opened.current.version) return found;
    if (performance.now() - missedMs < missEveryMs) return undefined;
    missedMs = performance.now();
    look();
    return opened.byVersion.get(version);
  }

  function look(): void {
    lookedMs = performance.now();
    if (file === undefined) return;
    try {
      const stamp = stampOf(file.path);
      if (stamp === file.stamp) return;
      opened = openVersions(readKeyFile(file.path));
      file.stamp = stamp;
    } catch {
      // A file that is away or being put right is no reason to stop: the keys at hand are as good as before.
    }
  }

  function keysOf(sealed: Uint8Array): Subkeys {
    const version = versionOf(sealed);
    const found = find(version);
    if (found === undefined) throw new DecryptionError(`no key of version ${version ?? "unknown"}`);
    return found;
  }

  function wrapDataKey(key: DataKey, context: string): Uint8Array {
    const { wrap, header } = current();
    return seal(wrap, header, key.bytes, context);
  }

  return {
    get currentVersion() {
      return current().version;
    },
    encrypt: (plain, context) => {
      const { encrypt, header } = current();
      return seal(encrypt, header, toBytes(plain), context);
    },
    decrypt: (sealed, context) => unseal(keysOf(sealed).encrypt, headerBytes, sealed, context),
    versionOf,
    blindIndex: (value, context) => mac(index, value, context),
    sign: (bytes, context) => {
      const { sign, header } = current();
      return Buffer.concat([header, mac(sign, bytes, context)]);
    },
    verify: (bytes, signature, context) => {
      const key = find(versionOf(signature));
      if (key === undefined || signature.length !== headerBytes + 32) return false;
      return timingSafeEqual(signature.subarray(headerBytes), mac(key.sign, bytes, context));
    },
    newDataKey: (context) => {
      const key = dataKey(randomBytes(32));
      return { key, wrapped: wrapDataKey(key, context) };
    },
    wrapDataKey,
    unwrapDataKey: (wrapped, context) => dataKey(unseal(keysOf(wrapped).wrap, headerBytes, wrapped, context)),
  };
}

/** Bytes with made-up versions must not keep the disk busy. */
const missEveryMs = 200;

/** Changes with the file, which is replaced and never written in place. */
function stampOf(file: string): string {
  const { ino, mtimeNs, size } = statSync(file, { bigint: true });
  return `${ino} ${mtimeNs} ${size}`;
}

type Opened = { readonly byVersion: ReadonlyMap<number, Subkeys>; readonly current: Subkeys };

function openVersions({ versions }: KeyMaterial): Opened {
  const all = versions.map(({ version, key }) => subkeysOf(version, key));
  const current = all.at(-1);
  if (current === undefined) throw new Error("a key ring needs a version");
  return { byVersion: new Map(all.map((subkeys) => [subkeys.version, subkeys])), current };
}

type Subkeys = {
  readonly version: number;
  readonly header: Uint8Array;
  readonly encrypt: Uint8Array;
  readonly sign: Uint8Array;
  readonly wrap: Uint8Array;
};

/** Before everything that is encrypted or signed: one byte for the format, four for the key's version. */
const headerBytes = 5;
const format = 1;

function subkeysOf(version: number, key: Uint8Array): Subkeys {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(format, 0);
  header.writeUInt32BE(version, 1);
  return {
    version,
    header,
    encrypt: subkey(key, "encrypt"),
    sign: subkey(key, "sign"),
    wrap: subkey(key, "wrap"),
  };
}

/** One key per purpose (HKDF, RFC 5869), so that no two uses of one key can meet. */
function subkey(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), `dawr ${purpose}`, 32));
}

function mac(key: Uint8Array, value: Uint8Array | string, context: string): Uint8Array {
  const contextBytes = Buffer.from(context, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(contextBytes.length);
  return createHmac("sha256", key).update(length).update(contextBytes).update(value).digest();
}

function versionOf(sealed: Uint8Array): number | undefined {
  if (sealed.length < headerBytes || sealed[0] !== format) return undefined;
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).readUInt32BE(1);
}

function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? Buffer.from(value, "utf8") : value;
}

function materialOf({ versions, indexKey }: GivenKeys): KeyMaterial {
  const given = versions.map(({ version, key }) => ({ version, key: fromBase64(key) }));
  const first = given.find(({ version }) => version === 1)?.key;
  const index = indexKey === undefined ? first && subkey(first, "index key") : fromBase64(indexKey);
  if (index === undefined) throw new Error("keys without version 1 need an index key");
  return checked({ versions: given, indexKey: index });
}

function fromBase64(key: Uint8Array | string): Uint8Array {
  return typeof key === "string" ? Buffer.from(key, "base64") : key;
}
