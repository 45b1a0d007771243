import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import vectors from "../test/envelope-vectors.json" with { type: "json" };
import { EnvelopeError, fromMessage, toMessage } from "./envelope.ts";
import type { Event } from "./event.ts";

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const eventOf = ({ data, sequence, time, ...rest }: (typeof vectors.accepted)[number]["event"]): Event => ({
  ...rest,
  sequence: BigInt(sequence),
  time: Temporal.Instant.from(time),
  data: bytes(data),
});
const present = (headers: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));

describe("the envelope", () => {
  test.each(vectors.accepted)("given an event $name, then it is exactly this message, both ways", (vector) => {
    const event = eventOf(vector.event);
    const { key, headers, value } = vector.message;
    const message = { key, headers: present(headers), value: bytes(value) };
    expect(toMessage(event)).toEqual(message);
    expect(fromMessage(message)).toEqual(event);
    const asBytes = Object.entries(message.headers).map(([name, text]) => [name, Buffer.from(text)]);
    expect(fromMessage({ key: Buffer.from(key), headers: Object.fromEntries(asBytes), value: message.value })).toEqual(
      event,
    );
  });

  test.each(vectors.acceptedOnReading)("given a message with $name, then it is read", ({ message, event }) => {
    expect(fromMessage({ ...message, value: bytes(message.value) })).toEqual(eventOf(event));
  });

  test.each(vectors.refused)("given $name, then it is refused with every problem", (vector) => {
    const [good] = vectors.accepted;
    if (good === undefined) throw new Error("no vector");
    const message =
      vector.change === undefined
        ? { key: null, headers: {}, value: null }
        : {
            key: "k",
            headers: { ...present(good.message.headers), ...present(vector.change) },
            value: new Uint8Array(),
          };
    expect(() => fromMessage(message)).toThrow(expect.objectContaining({ problems: vector.problems }));
    expect(() => fromMessage(message)).toThrow(EnvelopeError);
  });

  test("given header bytes that are not UTF-8, then the header is malformed", () => {
    const [good] = vectors.accepted;
    const headers = { ...present(good?.message.headers ?? {}), ce_id: new Uint8Array([0xff, 0xfe]) };
    expect(() => fromMessage({ key: "k", headers, value: new Uint8Array() })).toThrow("ce_id is malformed");
  });

  test("reading what was written gives the event back, whatever it is", () => {
    const events = fc.record({
      id: fc.uuid(),
      type: fc.constantFrom("dawr.booking.v1.BookingHeld", "dawr.type.v1.Money"),
      source: fc.constantFrom("dawr.booking", "dawr.type"),
      subject: fc.string({ minLength: 1, unit: "grapheme" }),
      key: fc.string({ minLength: 1, unit: "grapheme" }),
      sequence: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      time: fc
        .integer({ min: 0, max: 4_000_000_000 })
        .map((seconds) => Temporal.Instant.fromEpochMilliseconds(seconds * 1_000 + 7)),
      data: fc.uint8Array(),
    });
    fc.assert(fc.property(events, (event) => expect(fromMessage(toMessage(event))).toEqual(event)));
  });
});
