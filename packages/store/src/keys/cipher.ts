import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Bytes were not encrypted by these keys in this context, or were changed since. */
export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

/** AES-256-GCM: `header · nonce · ciphertext · tag`; header and context are authenticated with the text. */
export function seal(key: Uint8Array, header: Uint8Array, plain: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(associated(header, context));
  return Buffer.concat([header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The text that seal() was given; throws DecryptionError. */
export function unseal(key: Uint8Array, headerBytes: number, sealed: Uint8Array, context: string): Uint8Array {
  const textAt = headerBytes + nonceBytes;
  const tagAt = sealed.length - tagBytes;
  if (tagAt < textAt) throw new DecryptionError("encrypted bytes are too short");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(headerBytes, textAt), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associated(sealed.subarray(0, headerBytes), context));
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(textAt, tagAt)), decipher.final()]);
  } catch {
    throw new DecryptionError("encrypted bytes are of another key or context, or were changed");
  }
}

const nonceBytes = 12;
const tagBytes = 16;

function associated(header: Uint8Array, context: string): Uint8Array {
  return Buffer.concat([header, Buffer.from(context, "utf8")]);
}
