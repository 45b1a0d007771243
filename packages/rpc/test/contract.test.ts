import type { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, LocalizedMessageSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { reasonOf } from "../src/index.ts";
import { errorOf, eventually } from "./eventually.ts";
import { told } from "./told.ts";
import { type Reached, ways } from "./ways.ts";

describe.each(ways)("calling $name", ({ open, isRemote, maxBytes }) => {
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
      expect(reasonOf(error)?.metadata).toEqual({
        fields: "number, email",
        rules: "number: gte 0, lte 999; email: email",
      });
      const [detail] = (error as ConnectError).findDetails(BadRequestSchema);
      expect(detail?.fieldViolations.map((v) => [v.field, v.reason])).toEqual([
        ["number", "GTE_LTE"],
        ["email", "EMAIL"],
      ]);
    });

    test("takes the value on the boundary", async () => {
      expect((await reached.client.echo({ number: 999 })).number).toBe(999);
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
});
