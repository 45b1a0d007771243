import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";

const source = await Promise.resolve(readFileSync(new URL("./setup.ts", import.meta.url), "utf8"));

class Counter {
  #count = 0;

  next(): number {
    this.#count += 1;
    return this.#count;
  }
}

describe("what tests may rely on", () => {
  test("given two equal times, when compared, then they are equal", () => {
    expect({ at: Temporal.Instant.from("2026-01-01T00:00:00Z") }).toEqual({
      at: Temporal.Instant.from("2026-01-01T03:00:00+03:00"),
    });
  });

  test("given two different times, when compared, then they differ", () => {
    expect({ at: Temporal.Instant.from("2026-01-01T00:00:00Z") }).not.toEqual({
      at: Temporal.Instant.from("2026-01-01T00:00:01Z"),
    });
    expect(Temporal.PlainDate.from("2026-01-01")).not.toStrictEqual(Temporal.PlainDate.from("2026-01-02"));
    expect(Temporal.PlainDate.from("2026-01-01")).not.toEqual(Temporal.PlainDateTime.from("2026-01-01"));
  });

  test("given an error of a Node module, when asked for its class, then it is an Error", () => {
    const failure = () => readFileSync(new URL("./no-such-file", import.meta.url));
    expect(failure).toThrow(Error);
    expect({ message: "not an error" } instanceof Error).toBe(false);
    expect(new Error("plain") instanceof TypeError).toBe(false);
  });

  test("given private fields, top-level await and import.meta, when transformed, then they work", () => {
    const counter = new Counter();
    counter.next();
    expect(counter.next()).toBe(2);
    expect(source).toContain("addEqualityTesters");
  });
});
