import { seal, unseal } from "./cipher.ts";

/** A key of one person's (or provider's) data: destroying it erases all that it encrypted, backups included. (ID-12) */
export type DataKey = {
  /** For handing it to another service over an encrypted connection; never to be stored like this. */
  readonly bytes: Uint8Array;
  /** AES-256-GCM; the context is bound into the result. */
  encrypt(plain: Uint8Array | string, context: string): Uint8Array;
  /** Throws DecryptionError. */
  decrypt(sealed: Uint8Array, context: string): Uint8Array;
};

/** The data key of these 32 bytes. */
export function dataKey(bytes: Uint8Array): DataKey {
  if (bytes.length !== 32) throw new RangeError("a data key has 32 bytes");
  return {
    bytes,
    encrypt: (plain, context) => seal(bytes, format, typeof plain === "string" ? Buffer.from(plain) : plain, context),
    decrypt: (sealed, context) => unseal(bytes, format.length, sealed, context),
  };
}

/** Another one than a key ring's: who changes the ring's keys must not take these values for its own. */
const format = Uint8Array.of(2);
