import type { DescMethodUnary } from "@bufbuild/protobuf";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { StoreError } from "../errors.ts";
import type { Store } from "../open-store.ts";
import type { Tx } from "../tx.ts";
import { requestHash } from "./request-hash.ts";
import { isUuid } from "./request-id.ts";
import type { Seal } from "./seal.ts";

/** A request that may be sent again: who sends it, which method it calls, and what it says. */
export type Call<I extends DescMessage, O extends DescMessage> = {
  /** Whose request ids these are: `accounts/{id}`, a workload, or the hash of a device or address. */
  readonly actor: string;
  readonly method: DescMethodUnary<I, O>;
  /** Its field request_id tells repetitions; without one nothing is remembered. */
  readonly request: MessageShape<I>;
};

/** How answers are kept. */
export type OnceOptions = {
  /** How long a repetition gets the first answer; 7 days unless told. */
  readonly keepFor?: Temporal.Duration;
  /** For answers that hold secrets or personal data; give the same to replayed(). */
  readonly seal?: Seal;
};

/**
 * Does the work of a request once (BK-03): in one transaction the work is done and its answer kept, and a repetition gets
 * that answer. One that comes while the first is under way waits for it. Nothing is kept when the work fails. Throws
 * StoreError REQUEST_ID_REUSED when the same id comes with other contents.
 */
export async function once<I extends DescMessage, O extends DescMessage>(
  store: Store,
  call: Call<I, O>,
  work: (tx: Tx) => Promise<MessageShape<O>>,
  { keepFor = sevenDays, seal }: OnceOptions = {},
): Promise<MessageShape<O>> {
  const key = keyOf(call, seal);
  if (key === undefined) return await store.transaction(work);
  const { method } = call;
  return await store.transaction(async (tx) => {
    const [known] = await tx.query<Kept>(
      "select request_hash, response from begin_request($1, $2, $3)",
      keyValues(key),
    );
    if (known !== undefined) return answerOf(call, key, known, seal);
    const answer = await work(tx);
    const bytes = toBinary(method.output, answer);
    tx.post(keepStatement, [...keyValues(key), key.hash, seal?.encrypt(bytes) ?? bytes, keepFor.total("seconds")]);
    return answer;
  });
}

/**
 * The answer already given to a request, or undefined: for handlers that call the network before their transaction. Ask
 * first (a store, or beside other reads a Tx), do the calls (with derived request ids), then once(). Throws REQUEST_ID_REUSED as once() does.
 */
export async function replayed<I extends DescMessage, O extends DescMessage>(
  source: Pick<Tx, "query">,
  call: Call<I, O>,
  { seal }: Pick<OnceOptions, "seal"> = {},
): Promise<MessageShape<O> | undefined> {
  const key = keyOf(call, seal);
  if (key === undefined) return undefined;
  const [known] = await source.query<Kept>(lookStatement, keyValues(key));
  return known === undefined ? undefined : answerOf(call, key, known, seal);
}

/** Removes answers whose time is over at an instant, in pieces; answers how many. For a daily job. */
export async function pruneRequests(store: Store, now: Temporal.Instant): Promise<number> {
  let removed = 0;
  for (;;) {
    const rows = await store.transaction((tx) => tx.query(pruneStatement, [now, pruneSize]));
    removed += rows.length;
    if (rows.length < pruneSize) return removed;
  }
}

type Key = {
  readonly requestId: string;
  readonly actor: string;
  readonly method: string;
  readonly hash: Uint8Array;
};

type Kept = { readonly request_hash: Uint8Array; readonly response: Uint8Array };

const sevenDays = Temporal.Duration.from({ hours: 7 * 24 });
const pruneSize = 2_000;

function keyOf<I extends DescMessage, O extends DescMessage>(
  { actor, method, request }: Call<I, O>,
  seal: Seal | undefined,
): Key | undefined {
  const requestId: unknown = Reflect.get(request, "requestId");
  if (typeof requestId !== "string" || requestId === "") return undefined;
  if (!isUuid(requestId)) {
    throw new StoreError("VALIDATION_FAILED", "request_id is no UUID", {
      metadata: { fields: "requestId", rules: "requestId: uuid" },
    });
  }
  const hash = requestHash(method.input, request);
  return {
    requestId: requestId.toLowerCase(),
    actor,
    method: `${method.parent.typeName}/${method.name}`,
    hash: seal?.hash(hash) ?? hash,
  };
}

function keyValues({ requestId, actor, method }: Key): readonly string[] {
  return [requestId, actor, method];
}

function answerOf<I extends DescMessage, O extends DescMessage>(
  { method }: Call<I, O>,
  { requestId, hash }: Key,
  known: Kept,
  seal: Seal | undefined,
): MessageShape<O> {
  if (Buffer.compare(known.request_hash, hash) !== 0) {
    throw new StoreError("REQUEST_ID_REUSED", "the request id was used with other contents", {
      metadata: { request_id: requestId },
    });
  }
  return fromBinary(method.output, seal?.decrypt(known.response) ?? known.response);
}

// What has expired is no longer known, and makes room.
const keepStatement = `
  insert into idempotent_request (request_id, actor, method, request_hash, response, expire_time)
  values ($1, $2, $3, $4, $5, clock_now() + make_interval(secs => $6))
  on conflict (request_id, actor, method) do update set
    request_hash = excluded.request_hash, response = excluded.response, expire_time = excluded.expire_time`;

const lookStatement = `
  select request_hash, response from idempotent_request
  where request_id = $1 and actor = $2 and method = $3 and expire_time > clock_now()`;

const pruneStatement = `
  delete from idempotent_request where (request_id, actor, method) in (
    select request_id, actor, method from idempotent_request
    where expire_time <= $1 order by expire_time limit $2 for update skip locked)
  returning 1 as one`;
