import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { KeyRing, Store, Tx } from "@dawr/store";
import { contexts } from "../store/encrypted-columns.ts";

/** A key that tokens are signed with. */
export type PrivateKey = { readonly id: string; readonly algorithm: string; readonly key: KeyObject };

/** A key that tokens are verified with, as a JSON Web Key (RFC 7517). */
export type PublicKey = {
  readonly id: string;
  readonly algorithm: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly createTime: Temporal.Instant;
  readonly expireTime: Temporal.Instant;
};

/** How keys follow each other. */
export type KeyRule = {
  /** How long tokens are signed with one key. */
  readonly use: Temporal.Duration;
  /** How long a token signed with it may live after that. */
  readonly tokenLifetime: Temporal.Duration;
};

/** Keys are published this long before the first token is signed with them, so that every verifier has them by then. */
const publishAhead = Temporal.Duration.from({ minutes: 10 });
const cacheMs = 60_000;

/** The keys that identity signs with: made, published ahead, used in turn and forgotten when their tokens have ended. (ID-04) */
export function signingKeys(
  store: Store,
  keys: KeyRing,
  rule: KeyRule,
  now: () => Temporal.Instant,
  newId: () => string,
) {
  let pending: Promise<PrivateKey> | undefined;
  let cached: { readonly key: PrivateKey; readonly untilMs: number } | undefined;

  /** The key that new tokens are signed with. */
  async function current(): Promise<PrivateKey> {
    const nowMs = now().epochMilliseconds;
    if (cached !== undefined && nowMs < cached.untilMs && cached.untilMs - nowMs <= cacheMs) return cached.key;
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return await pending;
  }

  async function load(): Promise<PrivateKey> {
    const nowMs = now().epochMilliseconds;
    const row = (await inUse()) ?? (await rotate().then(inUse));
    if (row === undefined) throw new Error("no signing key is in use right after one was made");
    const pem = keys.decrypt(row.private_key, contexts.signingKey);
    const key = { id: row.id, algorithm: row.algorithm, key: createPrivateKey(Buffer.from(pem)) };
    cached = { key, untilMs: nowMs + cacheMs };
    return key;
  }

  async function inUse(): Promise<StoredKey | undefined> {
    const [row] = await store.read((tx) => tx.query<StoredKey>(inUseStatement, [now(), tokensEnd(now())]));
    return row;
  }

  /** When the last token that is signed now will have ended. */
  function tokensEnd(at: Temporal.Instant): Temporal.Instant {
    return at.add({ milliseconds: rule.tokenLifetime.total("milliseconds") });
  }

  /** Makes the next key when the present one is near its end, and drops those whose tokens have ended. */
  async function rotate(): Promise<void> {
    await store.transaction(async (tx) => {
      await tx.query("lock table signing_key in share row exclusive mode");
      const at = now();
      await tx.query("delete from signing_key where expire_time <= $1", [at]);
      const [used] = await tx.query<StoredKey>(inUseStatement, [at, tokensEnd(at)]);
      // None yet, or the platform slept for longer than its keys live, or its clock was set back.
      if (used === undefined) await insert(tx, at, at);
      const [latest] = await tx.query<{ use_time: Temporal.Instant }>(
        "select max(use_time) as use_time from signing_key having max(use_time) is not null",
      );
      if (latest === undefined) return;
      const nextUse = latest.use_time.add({ milliseconds: rule.use.total("milliseconds") });
      const isNear = Temporal.Instant.compare(at.add(publishAhead).add({ hours: 24 }), nextUse) >= 0;
      const earliest = at.add(publishAhead);
      if (isNear) await insert(tx, at, Temporal.Instant.compare(nextUse, earliest) > 0 ? nextUse : earliest);
    });
  }

  async function insert(tx: Tx, createTime: Temporal.Instant, useTime: Temporal.Instant): Promise<void> {
    const pair = generateKeyPairSync("ed25519");
    const id = newId();
    const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" });
    const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: id, alg: "EdDSA", use: "sig" };
    const livesMs = 2 * rule.use.total("milliseconds") + rule.tokenLifetime.total("milliseconds");
    await tx.query(
      "insert into signing_key (id, algorithm, private_key, public_jwk, create_time, use_time, expire_time) values ($1, 'EdDSA', $2, $3, $4, $5, $6)",
      [
        id,
        keys.encrypt(String(pem), contexts.signingKey),
        JSON.stringify(jwk),
        createTime,
        useTime,
        useTime.add({ milliseconds: livesMs }),
      ],
    );
  }

  /** All keys that may verify a token, the one in use first. */
  async function published(): Promise<readonly PublicKey[]> {
    await current();
    const rows = await store.read((tx) =>
      tx.query<{
        id: string;
        algorithm: string;
        public_jwk: Record<string, unknown>;
        create_time: Temporal.Instant;
        expire_time: Temporal.Instant;
      }>(
        `select id, algorithm, public_jwk, create_time, expire_time from signing_key where expire_time > $1
         order by use_time <= $1 desc, use_time desc`,
        [now()],
      ),
    );
    return rows.map((row) => ({
      id: row.id,
      algorithm: row.algorithm,
      jwk: row.public_jwk,
      createTime: row.create_time,
      expireTime: row.expire_time,
    }));
  }

  return { current, rotate, published };
}

type StoredKey = { readonly id: string; readonly algorithm: string; readonly private_key: Uint8Array };

const inUseStatement = `
  select id, algorithm, private_key from signing_key where use_time <= $1 and expire_time >= $2
  order by use_time desc limit 1`;

export type SigningKeys = ReturnType<typeof signingKeys>;
