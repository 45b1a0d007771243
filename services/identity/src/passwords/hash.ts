import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(argon2);

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;

/** Hashes a password with argon2id and a fresh salt, in the PHC string format. (ID-01) */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const tag = await tagOf(password, salt, cost);
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`;
}

/** Whether a password belongs to a hash; without a hash it takes the same time and answers no. (ID-05) */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(hash ?? "");
  if (parts === null) {
    await tagOf(password, Buffer.alloc(16), cost);
    return false;
  }
  const [, memory, passes, parallelism, salt = "", tag = ""] = parts;
  const wanted = Buffer.from(tag, "base64");
  const own = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: wanted.byteLength,
  };
  return timingSafeEqual(await tagOf(password, Buffer.from(salt, "base64"), own), wanted);
}

function tagOf(
  password: string,
  nonce: Buffer,
  parameters: typeof cost | { memory: number; passes: number; parallelism: number; tagLength: number },
): Promise<Buffer> {
  return derive("argon2id", { message: password.normalize("NFKC"), nonce, ...parameters });
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
