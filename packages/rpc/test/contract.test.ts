import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, LocalizedMessageSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { reasonOf } from "../src/index.ts";
import { all, errorOf, eventually, from } from "./eventually.ts";
import { type Reached, ways } from "./ways.ts";

const as = (name: string) => ({ headers: { authorization: `Bearer ${name}` } });

/** What a caller can tell of a refusal by machine. */
function told(error: unknown) {
  const reason = reasonOf(error);
  return {
    code: error instanceof ConnectError ? Code[error.code] : undefined,
    reason: reason?.reason,
    domain: reason?.domain,
  };
}

describe.each(ways)("calling $name", ({ open, hasBidi, isRemote, maxBytes }) => {
  let reached: Reached;
  beforeAll(async () => {
    reached = await open();
  });
  afterAll(() => reached.close());

  describe("unary", () => {
    test("answers what was asked", async () => {
      const data = new Uint8Array([0, 1, 255]);
      const answer = await reached.client.echo({ text: "مرحبا", number: 7, data });
      expect(answer).toMatchObject({ text: "مرحبا", number: 7, account: "", workload: "" });
      expect([...answer.data]).toEqual([0, 1, 255]);
    });

    test("carries a large message each way", async () => {
      const data = new Uint8Array(maxBytes).fill(7);
      const answer = await reached.client.echo({ data });
      expect(answer.data.byteLength).toBe(maxBytes);
      expect(answer.data.every((byte) => byte === 7)).toBe(true);
    });

    test("carries 200 calls at once, each with its own answer", async () => {
      const numbers = Array.from({ length: 200 }, (_, number) => number);
      const answers = await Promise.all(numbers.map((number) => reached.client.echo({ number, text: `${number}` })));
      expect(answers.map((a) => a.number)).toEqual(numbers);
    });

    test("carries headers both ways, and trailers", async () => {
      let header: string | null = null;
      let trailer: string | null = null;
      await reached.client.echo(
        { text: "a" },
        {
          headers: { "x-test-header": "seen" },
          onHeader: (headers) => {
            header = headers.get("x-test-header");
          },
          onTrailer: (trailers) => {
            trailer = trailers.get("x-test-trailer");
          },
        },
      );
      expect({ header, trailer }).toEqual({ header: "seen", trailer: "seen" });
    });

    test.each([
      ["a record", { Authorization: "Bearer user.anna" }],
      ["pairs", [["authorization", "Bearer user.anna"]] satisfies [string, string][]],
      ["Headers", new Headers({ authorization: "Bearer user.anna" })],
    ])("takes headers as %s, however they are written", async (_form, headers) => {
      expect((await reached.client.echo({ text: "a" }, { headers })).account).toBe("accounts/anna");
    });

    test("tells the handler the request id and the language", async () => {
      const headers = { "x-request-id": "r-1", "accept-language": "fr;q=0.9, ar-JO;q=0.8, en;q=0.1" };
      const answer = await reached.client.echo({ text: "a" }, { headers });
      expect(answer.locale).toBe("ar");
      expect(answer.seen.requestId).toBe("r-1");
    });

    test("refuses a method that has no handler with NOT_OFFERED", async () => {
      const error = await errorOf(reached.client.writeOnce({ text: "a", requestId: crypto.randomUUID() }));
      expect(told(error)).toEqual({ code: "Unimplemented", reason: "NOT_OFFERED", domain: "dawr" });
    });
  });

  describe("errors", () => {
    test("a domain error has its code, reason, domain and metadata", async () => {
      const error = await errorOf(reached.client.echo({ failWith: "THING_TAKEN" }));
      expect(told(error)).toEqual({ code: "Aborted", reason: "THING_TAKEN", domain: "echo.dawr" });
      expect(reasonOf(error)?.metadata).toEqual({ thing: "Chair 3", count: "2" });
    });

    test.each([
      ["ar", "Chair 3 محجوز مرتين."],
      ["en", "Chair 3 is taken 2 times."],
      ["fr", "Chair 3 is taken 2 times."],
    ])("a person who reads %s is told in a language that exists", async (language, text) => {
      const error = await errorOf(
        reached.client.echo({ failWith: "THING_TAKEN" }, { headers: { "accept-language": language } }),
      );
      const [message] = (error as ConnectError).findDetails(LocalizedMessageSchema);
      expect(message).toMatchObject({ locale: language === "ar" ? "ar" : "en", message: text });
    });

    test("details that the handler attached arrive", async () => {
      const error = await errorOf(reached.client.echo({ failWith: "WITH_DETAIL" }));
      const [detail] = (error as ConnectError).findDetails(BadRequestSchema);
      expect(detail?.fieldViolations).toMatchObject([{ field: "chair", description: "taken" }]);
    });

    test.each(["pk_things", "NOT_AN_ERROR"])(
      "what nobody expected (%s) says nothing but an id that the log has",
      async (failWith) => {
        const before = reached.state.logged.length;
        const error = await errorOf(reached.client.echo({ failWith }));
        expect(told(error)).toEqual({ code: "Internal", reason: "INTERNAL", domain: "dawr" });
        const errorId = reasonOf(error)?.metadata.error_id;
        expect(errorId).toMatch(/^[0-9a-f-]{36}$/);
        expect(reached.state.logged.slice(before)).toEqual([
          {
            message: "call failed",
            fields: expect.objectContaining({ errorId, method: "/dawr.testing.v1.EchoService/Echo" }),
          },
        ]);
        if (isRemote) expect(JSON.stringify(error) + String(error)).not.toMatch(/duplicate key|password/);
      },
    );

    test("an error of a library is told by the platform's reason, without its text", async () => {
      const error = await errorOf(reached.client.echo({ failWith: "BARE_CONNECT_ERROR" }));
      expect(told(error)).toEqual({ code: "Unavailable", reason: "UNAVAILABLE", domain: "dawr" });
      expect(String(error)).not.toMatch(/10\.1\.2\.3/);
    });
  });

  describe("validation", () => {
    test("refuses every broken field, each named", async () => {
      const error = await errorOf(reached.client.echo({ number: 1000, email: "nobody" }));
      expect(told(error)).toEqual({ code: "InvalidArgument", reason: "VALIDATION_FAILED", domain: "dawr" });
      expect(reasonOf(error)?.metadata).toEqual({ fields: "number,email" });
      const [detail] = (error as ConnectError).findDetails(BadRequestSchema);
      expect(detail?.fieldViolations.map((v) => v.field)).toEqual(["number", "email"]);
    });

    test("takes the value on the boundary", async () => {
      expect((await reached.client.echo({ number: 999 })).number).toBe(999);
    });
  });

  describe("access", () => {
    const nobody = undefined;
    test.each([
      // method, caller, request, outcome
      ["echo", nobody, { text: "a" }, "ok"],
      ["echo", "rubbish", { text: "a" }, "TOKEN_INVALID"],
      ["echo", "expired", { text: "a" }, "TOKEN_EXPIRED"],
      ["echoSignedIn", nobody, {}, "TOKEN_MISSING"],
      ["echoSignedIn", "user.omar", {}, "ok"],
      ["echoSelf", nobody, { name: "things/of-anna" }, "TOKEN_MISSING"],
      ["echoSelf", "user.anna", { name: "things/of-anna" }, "ok"],
      ["echoSelf", "user.omar", { name: "things/of-anna" }, "NOT_FOUND"],
      ["echoSelf", "user.anna", { name: "things/of-nobody" }, "NOT_FOUND"],
      ["echoSelf", "user.anna", { name: "accounts/me" }, "ok"],
      ["echoSelf", "user.anna", { name: "accounts/me/things/1" }, "ok"],
      ["echoSelf", "user.omar", { name: "accounts/me/things/1" }, "NOT_FOUND"],
      ["echoSelf", nobody, { name: "accounts/me" }, "TOKEN_MISSING"],
      ["echoSelf", "user.anna", { name: "accounts/mega" }, "NOT_FOUND"],
      ["echoMember", nobody, { name: "things/of-salon" }, "TOKEN_MISSING"],
      ["echoMember", "user.maha", { name: "things/of-salon" }, "ok"],
      ["echoMember", "user.nour", { name: "things/of-salon" }, "NOT_FOUND"],
      ["echoMember", "user.rana", { name: "things/of-salon" }, "NOT_FOUND"],
      ["echoMember", "user.anna", { name: "things/of-anna" }, "NOT_FOUND"],
      ["echoSelfOrMember", "user.anna", { name: "things/of-both" }, "ok"],
      ["echoSelfOrMember", "user.maha", { name: "things/of-both" }, "ok"],
      ["echoSelfOrMember", "user.nour", { name: "things/of-both" }, "NOT_FOUND"],
      ["echoParticipant", "user.anna", { name: "things/of-both" }, "ok"],
      ["echoParticipant", "user.nour", { name: "things/of-both" }, "ok"],
      ["echoParticipant", "user.rana", { name: "things/of-both" }, "NOT_FOUND"],
      ["echoOperator", "user.omar.support", {}, "ok"],
      ["echoOperator", "user.omar.super-admin", {}, "ok"],
      ["echoOperator", "user.omar.provider", {}, "NOT_FOUND"],
      ["echoOperator", nobody, {}, "TOKEN_MISSING"],
      ["echoSuperAdmin", "user.omar.super-admin", {}, "ok"],
      ["echoSuperAdmin", "user.omar.admin", {}, "NOT_FOUND"],
      ["echoInternal", nobody, {}, "NOT_FOUND"],
      ["echoInternal", "user.omar.super-admin", {}, "NOT_FOUND"],
      ["echoNested", "user.anna", { thing: { name: "things/of-anna" } }, "ok"],
      ["echoNested", "user.anna", { thing: { name: "accounts/me" } }, "ok"],
      ["echoNested", "user.omar", { thing: { name: "things/of-anna" } }, "NOT_FOUND"],
    ] as const)("%s by %s with %j: %s", async (method, caller, request, outcome) => {
      const call = reached.client[method] as (request: object, options: object) => Promise<unknown>;
      const answer = call(request, caller === undefined ? {} : as(caller));
      if (outcome === "ok") await expect(answer).resolves.toBeDefined();
      else expect(told(await errorOf(answer)).reason).toBe(outcome);
    });

    test("accounts/me reaches the handler as the caller's account, and the caller's message stays as it was", async () => {
      const request = { $typeName: "dawr.testing.v1.EchoThingRequest" as const, name: "accounts/me" };
      expect((await reached.client.echoSelf(request, as("user.anna"))).text).toBe("accounts/anna");
      expect(request.name).toBe("accounts/me");
    });

    test("another service gets in by its token, and its word about the person who caused the call is taken", async () => {
      const headers = { "x-dawr-workload": "workload:booking", "x-dawr-caused-by": "accounts/anna" };
      const answer = await reached.client.echoInternal({}, { headers });
      expect(answer.workload).toBe("booking");
      expect(answer.seen.causedBy).toBe("accounts/anna");
    });

    test("what a stranger says about themselves in the platform's headers is not believed", async () => {
      const headers = { "x-dawr-caused-by": "accounts/anna", "x-dawr-peer": "1.2.3.4" };
      const answer = await reached.client.echo({ text: "a" }, { headers });
      expect(answer.seen.causedBy).toBe("");
      expect(answer.seen.peer).not.toBe("1.2.3.4");
    });

    test("a service that passes a stranger's call on lends the stranger none of its rights", async () => {
      const headers = { "x-dawr-workload": "workload:gateway", "x-dawr-relayed": "1", "x-dawr-peer": "1.2.3.4" };
      expect(told(await errorOf(reached.client.echoInternal({}, { headers }))).reason).toBe("NOT_FOUND");
      expect((await reached.client.echo({ text: "a" }, { headers })).seen.peer).toBe("1.2.3.4");
    });

    test("a forged workload token is refused", async () => {
      const error = await errorOf(reached.client.echo({}, { headers: { "x-dawr-workload": "rubbish" } }));
      expect(told(error)).toEqual({ code: "Unauthenticated", reason: "TOKEN_INVALID", domain: "dawr" });
    });
  });

  describe("deadlines and cancelling", () => {
    test("a call that takes too long ends with DEADLINE_EXCEEDED, and the handler is told", async () => {
      const before = reached.state.aborted.length;
      const error = await errorOf(reached.client.echo({ failWith: "HANG" }, { timeoutMs: 100 }));
      expect(told(error).code).toBe("DeadlineExceeded");
      await eventually(() => expect(reached.state.aborted).toHaveLength(before + 1));
    });

    test("even a handler that ignores its signal does not hold its caller beyond the deadline", async () => {
      const error = await errorOf(reached.client.echo({ failWith: "DEAF" }, { timeoutMs: 100 }));
      expect(told(error).code).toBe("DeadlineExceeded");
    });

    test("the handler sees that there is a deadline", async () => {
      expect((await reached.client.echo({ text: "a" }, { timeoutMs: 5000 })).seen.hasTime).toBe("true");
    });

    test("a caller who gives up gets Canceled, and the handler is told", async () => {
      const before = reached.state.aborted.length;
      const controller = new AbortController();
      const pending = errorOf(reached.client.echo({ failWith: "HANG" }, { signal: controller.signal }));
      setTimeout(() => controller.abort(), 50);
      expect(told(await pending).code).toBe("Canceled");
      await eventually(() => expect(reached.state.aborted).toHaveLength(before + 1));
    });

    test("a call that was given up before it began does not reach the handler", async () => {
      const before = reached.state.written;
      const error = await errorOf(
        reached.client.write({ text: "a", requestId: crypto.randomUUID() }, { signal: AbortSignal.abort() }),
      );
      expect(told(error).code).toBe("Canceled");
      expect(reached.state.written).toBe(before);
    });
  });

  describe("server streams", () => {
    test("arrive in order and end", async () => {
      const answers = await all(reached.client.count({ upTo: 500 }));
      expect(answers.map((a) => a.number)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    });

    test("fail with their reason after what came before", async () => {
      const numbers: number[] = [];
      const error = await errorOf(
        (async () => {
          for await (const { number } of reached.client.count({ upTo: 10, failAfter: 3 })) numbers.push(number);
        })(),
      );
      expect(numbers).toEqual([1, 2, 3]);
      expect(told(error)).toEqual({ code: "Aborted", reason: "THING_TAKEN", domain: "echo.dawr" });
    });

    test("are validated and guarded like any call", async () => {
      expect(told(await errorOf(all(reached.client.count({ upTo: -1 })))).reason).toBe("VALIDATION_FAILED");
      expect(told(await errorOf(all(reached.client.watchSelf({ name: "things/of-anna" })))).reason).toBe(
        "TOKEN_MISSING",
      );
      expect(
        told(await errorOf(all(reached.client.watchSelf({ name: "things/of-anna" }, as("user.omar"))))).reason,
      ).toBe("NOT_FOUND");
      expect(await all(reached.client.watchSelf({ name: "things/of-anna" }, as("user.anna")))).toHaveLength(3);
    });

    test("a reader that stops reading stops the writer", async () => {
      const before = reached.state.produced;
      const controller = new AbortController();
      const stream = reached.client.count({ upTo: 100_000, payloadBytes: 65_536 }, { signal: controller.signal });
      const reader = stream[Symbol.asyncIterator]();
      await reader.next();
      // Some lie in buffers on the way; what counts is that they come to an end.
      let last = -1;
      await eventually(async () => {
        const seen = reached.state.produced;
        const isStill = seen === last;
        last = seen;
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(isStill).toBe(true);
      });
      expect(reached.state.produced - before).toBeLessThan(500);
      controller.abort();
      await errorOf(all({ [Symbol.asyncIterator]: () => reader }));
    });

    test("cancelling ends the handler, whether it waits or writes", async () => {
      const before = reached.state.streamsEnded;
      const controller = new AbortController();
      const error = await errorOf(
        (async () => {
          for await (const { number } of reached.client.count({ upTo: 100_000 }, { signal: controller.signal })) {
            if (number === 5) controller.abort();
          }
        })(),
      );
      expect(told(error).code).toBe("Canceled");
      await eventually(() => expect(reached.state.streamsEnded).toBe(before + 1));
    });
  });

  describe("client streams", () => {
    test("are added up as they come", async () => {
      const numbers = Array.from({ length: 200 }, (_, i) => ({ number: BigInt(i) }));
      expect(await reached.client.sum(from(...numbers))).toMatchObject({ sum: 19_900n, count: 200 });
    });

    test("may be empty", async () => {
      expect(await reached.client.sum(from())).toMatchObject({ sum: 0n, count: 0 });
    });

    test("are validated message by message", async () => {
      const error = await errorOf(reached.client.sum(from({ number: 1n }, { number: 1_000_001n })));
      expect(told(error)).toEqual({ code: "InvalidArgument", reason: "VALIDATION_FAILED", domain: "dawr" });
    });
  });

  const bidiTests = () => {
    test("answer each message before the next is sent", async () => {
      const heard: string[] = [];
      let heardSo = Promise.withResolvers<void>();
      async function* say() {
        for (const text of ["a", "b", "c"]) {
          yield { text };
          await heardSo.promise;
          heardSo = Promise.withResolvers();
        }
      }
      for await (const { text } of reached.client.chat(say())) {
        heard.push(text);
        heardSo.resolve();
      }
      expect(heard).toEqual(["a!", "b!", "c!"]);
    });

    test("end when the server has said enough", async () => {
      expect(await all(reached.client.chat(from({ text: "a" }, { text: "bye" }, { text: "c" })))).toMatchObject([
        { text: "a!" },
      ]);
    });

    test("fail with their reason", async () => {
      const error = await errorOf(all(reached.client.chat(from({ text: "a" }, { text: "fail" }))));
      expect(told(error)).toEqual({ code: "Aborted", reason: "THING_TAKEN", domain: "echo.dawr" });
    });

    test("cancelling ends the handler", async () => {
      const before = reached.state.streamsEnded;
      const controller = new AbortController();
      const pending = errorOf(all(reached.client.chat(from({ text: "hang" }), { signal: controller.signal })));
      setTimeout(() => controller.abort(), 50);
      expect(told(await pending).code).toBe("Canceled");
      await eventually(() => expect(reached.state.streamsEnded).toBe(before + 1));
    });
  };
  if (hasBidi) describe("streams in both directions", bidiTests);
});
