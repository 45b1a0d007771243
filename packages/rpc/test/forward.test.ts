import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { BadRequestSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Caller, forward, grpcCaller, guard, memoryCaller, reasonOf, serveEdge, serveGrpc } from "../src/index.ts";
import { type EchoState, echoFixture, testAuth } from "./echo-service.ts";
import { all, errorOf, eventually, from } from "./eventually.ts";

const as = (name: string) => ({ headers: { authorization: `Bearer ${name}` } });

type Door = { readonly client: Client<typeof EchoService>; readonly state: EchoState; close(): Promise<void> };

async function openDoor(
  behind: (fixture: ReturnType<typeof echoFixture>) => Promise<[Caller, () => Promise<void>]>,
): Promise<Door> {
  const fixture = echoFixture();
  const [caller, close] = await behind(fixture);
  const log = { error: () => undefined };
  const door = guard({
    service: "gateway",
    implementations: [
      forward(EchoService, caller.client(EchoService), ({ requestHeader }) => ({
        "x-test-header": requestHeader.get("x-test-header") ?? "none",
      })),
    ],
    errors: [],
    auth: testAuth,
    doorOnly: true,
    log,
  });
  const edge = await serveEdge({ mounted: [door], port: 0, host: "127.0.0.1", log });
  const client = createClient(
    EchoService,
    createConnectTransport({ baseUrl: `http://127.0.0.1:${edge.port}`, httpVersion: "2" }),
  );
  return {
    client,
    state: fixture.state,
    async close() {
      await edge.close(0);
      caller.close();
      await close();
    },
  };
}

describe.each([
  [
    "a service in the same process",
    async ({ mounted }: ReturnType<typeof echoFixture>): Promise<[Caller, () => Promise<void>]> => [
      memoryCaller(() => [mounted], { workload: "gateway" }),
      async () => undefined,
    ],
  ],
  [
    "a service over grpc-js",
    async ({ mounted }: ReturnType<typeof echoFixture>): Promise<[Caller, () => Promise<void>]> => {
      const server = await serveGrpc({ mounted: [mounted], port: 0, host: "127.0.0.1" });
      const caller = grpcCaller({
        addresses: [`127.0.0.1:${server.port}`],
        workloadToken: async () => "workload:gateway",
      });
      return [caller, () => server.close(0)];
    },
  ],
])("the door to %s", (_name, behind) => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor(behind);
  });
  afterAll(() => door.close());

  test("passes on who calls, from where, in which language, and under which id", async () => {
    const headers = { authorization: "Bearer user.anna", "accept-language": "ar", "x-request-id": "r-9" };
    const answer = await door.client.echo({ text: "a" }, { headers });
    expect(answer).toMatchObject({ account: "accounts/anna", locale: "ar", workload: "" });
    expect(answer.seen).toMatchObject({ requestId: "r-9", peer: "127.0.0.1", hasTime: "true" });
  });

  test("does not let callers choose what the platform's headers say", async () => {
    const headers = { "x-dawr-peer": "6.6.6.6", "x-dawr-caused-by": "accounts/anna" };
    const { seen } = await door.client.echo({ text: "a" }, { headers });
    expect(seen).toMatchObject({ peer: "127.0.0.1", causedBy: "" });
  });

  test("leaves decisions about resources to the service", async () => {
    const name = "things/of-anna";
    expect((await door.client.echoSelf({ name }, as("user.anna"))).text).toBe(name);
    expect(reasonOf(await errorOf(door.client.echoSelf({ name }, as("user.omar"))))?.reason).toBe("NOT_FOUND");
    expect(reasonOf(await errorOf(door.client.echoSelf({ name })))?.reason).toBe("TOKEN_MISSING");
    expect((await door.client.echoSelf({ name: "accounts/me" }, as("user.anna"))).text).toBe("accounts/anna");
  });

  test("does not offer what is internal, and lends nobody its own rights", async () => {
    expect(reasonOf(await errorOf(door.client.echoInternal({})))?.reason).toBe("UNKNOWN_METHOD");
    const nested = door.client.echoNested({ thing: { name: "things/of-anna" } }, as("user.omar"));
    expect(reasonOf(await errorOf(nested))?.reason).toBe("NOT_FOUND");
  });

  test("validates before anything goes on", async () => {
    expect(reasonOf(await errorOf(door.client.echo({ number: -1 })))?.reason).toBe("VALIDATION_FAILED");
  });

  test("passes errors on with their reason, their metadata and their details", async () => {
    const error = await errorOf(door.client.echo({ failWith: "WITH_DETAIL" }));
    expect(reasonOf(error)).toEqual({
      reason: "THING_TAKEN",
      domain: "echo.dawr",
      metadata: { thing: "Chair 3", count: "1" },
    });
    expect((error as ConnectError).findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("chair");
  });

  test("an id of an internal error is the one in the service's log", async () => {
    const error = await errorOf(door.client.echo({ failWith: "broken" }));
    expect(door.state.logged.at(-1)?.fields).toMatchObject({ errorId: reasonOf(error)?.metadata.error_id });
  });

  test("passes on the headers it is told to, and what the handler set in return", async () => {
    const seen: Record<string, string | null> = {};
    await door.client.echo(
      { text: "a" },
      {
        headers: { "x-test-header": "there and back" },
        onHeader(headers) {
          seen.type = headers.get("content-type");
          seen.header = headers.get("x-test-header");
        },
        onTrailer(trailers) {
          seen.trailer = trailers.get("x-test-trailer");
        },
      },
    );
    expect(seen).toEqual({ type: "application/proto", header: "there and back", trailer: "there and back" });
  });

  test("carries streams of every kind", async () => {
    expect(await all(door.client.count({ upTo: 100 }))).toHaveLength(100);
    expect(await door.client.sum(from({ number: 1n }, { number: 2n }))).toMatchObject({ sum: 3n });
    expect(await all(door.client.chat(from({ text: "a" }, { text: "b" })))).toMatchObject([
      { text: "a!" },
      { text: "b!" },
    ]);
    expect(reasonOf(await errorOf(all(door.client.count({ upTo: 9, failAfter: 2 }))))?.reason).toBe("THING_TAKEN");
  });

  test("cancelling and deadlines reach the service", async () => {
    const before = door.state.aborted.length;
    const controller = new AbortController();
    const pending = errorOf(door.client.echo({ failWith: "HANG" }, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
    await pending;
    await eventually(() => expect(door.state.aborted).toHaveLength(before + 1));
    const late = await errorOf(door.client.echo({ failWith: "HANG" }, { timeoutMs: 100 }));
    expect((late as ConnectError).code).toBe(Code.DeadlineExceeded);
    await eventually(() => expect(door.state.aborted.length).toBeGreaterThan(before + 1));
  });

  test("a stream whose reader leaves ends at the service", async () => {
    const before = door.state.streamsEnded;
    const controller = new AbortController();
    await errorOf(
      (async () => {
        for await (const { number } of door.client.count({ upTo: 1_000_000 }, { signal: controller.signal })) {
          if (number === 3) controller.abort();
        }
      })(),
    );
    await eventually(() => expect(door.state.streamsEnded).toBe(before + 1));
  });
});

test("a service that is away is told as UNAVAILABLE", async () => {
  const door = await openDoor(async () => [grpcCaller({ addresses: ["127.0.0.1:1"] }), async () => undefined]);
  const error = await errorOf(door.client.write({ text: "a", requestId: crypto.randomUUID() }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(reasonOf(error)).toMatchObject({ reason: "UNAVAILABLE", domain: "dawr" });
  await door.close();
});
