import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { all, errorOf, eventually, from } from "./eventually.ts";
import { as, told } from "./told.ts";
import { type Reached, ways } from "./ways.ts";

describe.each(ways)("calling $name", ({ open, hasBidi }) => {
  let reached: Reached;
  beforeAll(async () => {
    reached = await open();
  });
  afterAll(() => reached.close());

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
