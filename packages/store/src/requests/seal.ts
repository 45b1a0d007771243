import type { KeyRing } from "../keys/key-ring.ts";

/** How answers are kept that not everybody who reads the table may read, and requests told apart without showing them. */
export type Seal = {
  readonly encrypt: (plain: Uint8Array) => Uint8Array;
  readonly decrypt: (sealed: Uint8Array) => Uint8Array;
  /** Keyed: from a plain hash whoever reads the table could guess what a request said. */
  readonly hash: (digest: Uint8Array) => Uint8Array;
};

/** Seals with a key ring; the service lists `idempotent_request.response` with this context under `encrypted`. */
export function sealWith(keys: KeyRing, context: string): Seal {
  return {
    encrypt: (plain) => keys.encrypt(plain, context),
    decrypt: (sealed) => keys.decrypt(sealed, context),
    hash: (digest) => keys.blindIndex(Buffer.from(digest).toString("base64"), context),
  };
}
