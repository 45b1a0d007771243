import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type KeyRing, openKeyRing, readPageToken, signPageToken } from "../index.ts";

let key: KeyRing;

beforeAll(async () => {
  key = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 1) }] });
});

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt(),
  fc.uint8Array(),
  fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }).map((ns) => new Temporal.Instant(ns)),
  fc.integer({ min: 0, max: 50_000 }).map((days) => new Temporal.PlainDate(1970, 1, 1).add({ days })),
);
const name = fc.string().filter((text) => !text.startsWith("$") && text !== "__proto__");
const value = fc.oneof(leaf, fc.array(leaf), fc.dictionary(name, leaf, { noNullPrototype: true }));

describe("a page token", () => {
  test("gives its cursor back", () => {
    fc.assert(
      fc.property(value, value, (cursor, query) => {
        const token = signPageToken({ key, query, cursor });
        expect(token).toMatch(/^[\w-]+$/);
        expect(readPageToken({ key, query, token })).toEqual(cursor);
      }),
    );
  });

  test("is refused when any character is changed, added or taken away", () => {
    const query = { parent: "providers/1" };
    const token = signPageToken({ key, query, cursor: ["2026-03-01", 42n] });
    const change = fc.record({
      at: fc.nat({ max: token.length - 1 }),
      take: fc.nat({ max: 3 }),
      put: fc.stringMatching(/^[A-Za-z0-9_-]{0,3}$/),
    });
    fc.assert(
      fc.property(change, ({ at, take, put }) => {
        const changed = token.slice(0, at) + put + token.slice(at + take);
        if (changed === token) return;
        expect(() => readPageToken({ key, query, token: changed })).toThrow(
          expect.objectContaining({ reason: "PAGE_TOKEN_INVALID" }),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("is refused for another query, but not for another page size or order of fields", () => {
    const query = { parent: "providers/1", filter: { from: 1n, to: 2n }, pageSize: 10, pageToken: "" };
    const token = signPageToken({ key, query, cursor: 7 });
    expect(
      readPageToken({ key, query: { filter: { to: 2n, from: 1n }, parent: "providers/1", pageSize: 99 }, token }),
    ).toBe(7);
    for (const other of [
      { ...query, parent: "providers/2" },
      { ...query, filter: { from: 1, to: 2n } },
      "providers/1",
      null,
    ]) {
      expect(() => readPageToken({ key, query: other, token })).toThrow(
        expect.objectContaining({ reason: "PAGE_TOKEN_INVALID" }),
      );
    }
  });

  test("that is empty asks for the first page", () => {
    expect(readPageToken({ key, query: {}, token: "" })).toBeUndefined();
  });

  test("survives a rotation of the keys, and not other keys", async () => {
    const token = signPageToken({ key, query: {}, cursor: 7 });
    const versions = [
      { version: 1, key: Buffer.alloc(32, 1) },
      { version: 2, key: Buffer.alloc(32, 2) },
    ];
    const rotated = await openKeyRing({ versions });
    expect(readPageToken({ key: rotated, query: {}, token })).toBe(7);
    const foreign = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 3) }] });
    expect(() => readPageToken({ key: foreign, query: {}, token })).toThrow(
      expect.objectContaining({ reason: "PAGE_TOKEN_INVALID" }),
    );
  });
});
