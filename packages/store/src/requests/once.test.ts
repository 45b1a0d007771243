import { create } from "@bufbuild/protobuf";
import { EchoService, WriteRequestSchema, WriteResponseSchema } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { testClock } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import {
  derivedRequestId,
  once,
  openKeyRing,
  pruneRequests,
  replayed,
  type Store,
  sealWith,
  type Tx,
} from "../index.ts";
import { requestHash } from "./request-hash.ts";

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  schema = await testSchema("create table written (id int generated always as identity, text text not null);");
  store = await schema.open({ maxConnections: 12 });
});

beforeEach(() => store.transaction((tx) => tx.query("delete from written")));

afterAll(() => schema.drop());

describe("a request that is sent again", () => {
  test("gets the first answer and changes nothing", async () => {
    const call = callOf();
    const first = await once(store, call, write);
    expect(await once(store, call, write)).toEqual(first);
    expect(await replayed(store, call)).toEqual(first);
    expect(await written()).toBe(1);
  });

  test("64 times at once has one effect and one answer", async () => {
    const call = callOf();
    let runs = 0;
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        once(store, call, async (tx) => {
          runs += 1;
          await tx.query("select pg_sleep(0.02)");
          return await write(tx);
        }),
      ),
    );
    expect(runs).toBe(1);
    expect(await written()).toBe(1);
    expect(new Set(answers.map(({ count }) => count))).toEqual(new Set([1n]));
  });

  test("while the first is under way waits, and does the work itself when the first fails", async () => {
    const call = callOf();
    const { promise: mayFail, resolve: letFail } = Promise.withResolvers<void>();
    const { promise: isRunning, resolve: runs } = Promise.withResolvers<void>();
    const first = once(store, call, async (tx) => {
      await write(tx);
      runs();
      await mayFail;
      throw new Error("no luck");
    });
    await isRunning;
    let hasRun = false;
    const second = once(store, call, (tx) => {
      hasRun = true;
      return write(tx);
    });
    await store.read((tx) => tx.query("select pg_sleep(0.05)"));
    expect(hasRun).toBe(false);
    letFail();
    await expect(first).rejects.toThrow("no luck");
    expect(await second).toMatchObject({ count: 1n });
    expect(await written()).toBe(1);
  });

  test("with other contents is refused, and writes nothing", async () => {
    const call = callOf();
    await once(store, call, write);
    const other = { ...call, request: { ...call.request, text: "other" } };
    const refusal = { reason: "REQUEST_ID_REUSED", metadata: { request_id: call.request.requestId } };
    await expect(once(store, other, write)).rejects.toMatchObject(refusal);
    await expect(replayed(store, other)).rejects.toMatchObject(refusal);
    expect(await written()).toBe(1);
  });

  test("by another actor, to another method or in capitals is told apart or not, as it should", async () => {
    const call = callOf();
    await once(store, call, write);
    await once(store, { ...call, actor: "accounts/other" }, write);
    await once(store, { ...call, method: EchoService.method.writeOnce }, write);
    expect(await written()).toBe(3);
    const capitals = create(WriteRequestSchema, { text: "one", requestId: call.request.requestId.toUpperCase() });
    await expect(once(store, { ...call, request: capitals }, write)).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
  });

  test("after its time is a new one, and pruning removes it", async () => {
    const clock = testClock("2026-03-01T09:00:00Z");
    const timed = await schema.open({ now: clock.now });
    const call = callOf();
    const keepFor = Temporal.Duration.from({ seconds: 60 });
    await once(timed, call, write, { keepFor });
    clock.advance({ seconds: 58 });
    expect(await once(timed, call, write, { keepFor })).toMatchObject({ count: 1n });
    clock.advance({ seconds: 3 });
    expect(await replayed(timed, call)).toBeUndefined();
    expect(await once(timed, call, write, { keepFor })).toMatchObject({ count: 2n });
    expect(await pruneRequests(timed, clock.now())).toBe(0);
    expect(await pruneRequests(timed, clock.advance({ seconds: 63 }))).toBe(1);
    expect(await pruneRequests(timed, clock.now())).toBe(0);
  });

  test("gets a sealed answer, of which the table shows nothing", async () => {
    const keys = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 1) }] });
    const seal = sealWith(keys, "answer");
    const call = callOf();
    const secret = create(WriteResponseSchema, { text: "refresh-token" });
    await once(store, call, async () => secret, { seal });
    expect(await once(store, call, write, { seal })).toEqual(secret);
    expect(await replayed(store, call, { seal })).toEqual(secret);
    const [row] = await store.read((tx) =>
      tx.query<{ response: Buffer; request_hash: Buffer }>(
        "select response, request_hash from idempotent_request where request_id = $1",
        [call.request.requestId],
      ),
    );
    expect(row?.response.toString("latin1")).not.toContain("refresh-token");
    // Who guesses what the request said cannot tell whether that is right.
    expect(row?.request_hash).not.toEqual(Buffer.from(requestHash(call.method.input, call.request)));
    await expect(once(store, { ...call, request: { ...call.request, text: "else" } }, write, { seal })).rejects.toThrow(
      expect.objectContaining({ reason: "REQUEST_ID_REUSED" }),
    );
  });
});

describe("a request", () => {
  test("without an id is done each time", async () => {
    const call = { ...callOf(), request: create(WriteRequestSchema, { text: "one" }) };
    await once(store, call, write);
    await once(store, call, write);
    expect(await replayed(store, call)).toBeUndefined();
    expect(await written()).toBe(2);
  });

  test("with an id that is no UUID is refused", async () => {
    const call = { ...callOf(), request: create(WriteRequestSchema, { requestId: "again" }) };
    await expect(once(store, call, write)).rejects.toMatchObject({ reason: "VALIDATION_FAILED" });
  });
});

describe("derived request ids", () => {
  test("are UUIDv5 of the step in the request's namespace", () => {
    // The example of RFC 9562, appendix A.4.
    expect(derivedRequestId("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com")).toBe(
      "2ed6657d-e927-568b-95e1-2665a8aea6a2",
    );
  });

  test("differ by step and are refused for what is no UUID", () => {
    const requestId = crypto.randomUUID();
    expect(derivedRequestId(requestId, "refund")).not.toBe(derivedRequestId(requestId, "release"));
    expect(derivedRequestId(requestId, "refund")).toBe(derivedRequestId(requestId.toUpperCase(), "refund"));
    expect(() => derivedRequestId("again", "refund")).toThrow(TypeError);
  });
});

function callOf() {
  return {
    actor: "accounts/one",
    method: EchoService.method.write,
    request: create(WriteRequestSchema, { text: "one", requestId: crypto.randomUUID() }),
  };
}

async function write(tx: Tx) {
  await tx.query("insert into written (text) values ($1)", ["one"]);
  const [row] = await tx.query<{ count: bigint }>("select count(*) as count from written");
  return create(WriteResponseSchema, { text: "one", count: row?.count ?? 0n });
}

async function written(): Promise<number> {
  const rows = await store.read((tx) => tx.query("select from written"));
  return rows.length;
}
