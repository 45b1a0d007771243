import { create } from "@bufbuild/protobuf";
import { type EchoRequest, EchoRequestSchema } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { requestHash } from "./request-hash.ts";

describe("the hash of a request", () => {
  test("does not depend on the order of a map's entries, however deep", () => {
    const pairs = fc.uniqueArray(fc.tuple(fc.string(), fc.bigInt({ min: 0n, max: 99n })), { selector: ([key]) => key });
    fc.assert(
      fc.property(pairs, fc.infiniteStream(fc.nat()), (entries, order) => {
        const shuffled = [...entries]
          .map((entry) => ({ entry, place: order.next().value }))
          .sort((a, b) => a.place - b.place)
          .map(({ entry }) => entry);
        expect(hash(nested(entries))).toBe(hash(nested(shuffled)));
      }),
    );
  });

  test("differs when anything else does, and leaves the request as it was", () => {
    const request = nested([
      ["b", 1n],
      ["a", 2n],
    ]);
    const hashes = [
      request,
      nested([
        ["b", 2n],
        ["a", 1n],
      ]),
      nested([["b", 1n]]),
      create(EchoRequestSchema, { ...request, text: "other" }),
    ].map(hash);
    expect(new Set(hashes).size).toBe(4);
    expect(Object.keys(request.children[0]?.counts ?? {})).toEqual(["b", "a"]);
  });
});

function nested(entries: readonly (readonly [string, bigint])[]): EchoRequest {
  return create(EchoRequestSchema, { text: "t", children: [{ counts: Object.fromEntries(entries) }] });
}

function hash(request: EchoRequest): string {
  return Buffer.from(requestHash(EchoRequestSchema, request)).toString("hex");
}
