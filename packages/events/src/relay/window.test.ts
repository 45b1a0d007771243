import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { openWindow, type Queued } from "./window.ts";

const row = (position: number, key: string, size = 1): Queued => ({
  position: BigInt(position),
  key,
  data: new Uint8Array(size),
});
const positions = (rows: readonly Queued[] | undefined) => rows?.map(({ position }) => Number(position));
const bounds = { size: 10, perKey: 3, bytes: 1_000 };

describe("the relay's window", () => {
  test("given events of two keys, then each key is taken once, in order, in the order in which they came", () => {
    const window = openWindow(bounds);
    expect(window.admit([row(1, "a"), row(2, "b"), row(3, "a")])).toBe(false);
    expect(positions(window.take())).toEqual([1, 3]);
    expect(positions(window.take())).toEqual([2]);
    expect(window.take()).toBeUndefined();
    window.admit([row(4, "a")]);
    expect(window.take()).toBeUndefined();
    window.done("a");
    expect(positions(window.take())).toEqual([4]);
  });

  test("given more events of a key than it may have, then the rest is left out until it has delivered what it has", () => {
    const window = openWindow(bounds);
    const isAnyLeft = window.admit([row(1, "a"), row(2, "a"), row(3, "a"), row(4, "a"), row(5, "b")]);
    expect(isAnyLeft).toBe(true);
    expect(window.fullKeys()).toEqual(["a"]);
    expect(positions(window.take())).toEqual([1, 2, 3]);
    expect(window.done("a")).toBe(true);
    expect(window.fullKeys()).toEqual([]);
    expect(window.known()).toEqual([1n, 2n, 3n, 5n]);
  });

  test("given data beyond its bytes, then there is no room before something is forgotten", () => {
    const window = openWindow({ ...bounds, bytes: 100 });
    expect(window.admit([row(1, "a", 90), row(2, "b", 20), row(3, "c", 1)])).toBe(true);
    expect(window.room()).toBe(0);
    expect(window.known()).toEqual([1n, 3n]);
    window.take();
    window.done("a");
    window.forget([1n]);
    expect(window.room()).toBe(9);
  });

  test("given one event greater than all its bytes, then it is admitted alone", () => {
    const window = openWindow({ ...bounds, bytes: 10 });
    expect(window.admit([row(1, "a", 500)])).toBe(false);
    expect(positions(window.take())).toEqual([1]);
  });

  test("given a delivery that failed, then its events come again before later ones, once the key is resumed", () => {
    const window = openWindow(bounds);
    window.admit([row(1, "a"), row(2, "a")]);
    const taken = window.take() ?? [];
    window.admit([row(3, "a")]);
    window.giveBack(taken);
    expect(window.take()).toBeUndefined();
    window.resume("a");
    expect(positions(window.take())).toEqual([1, 2, 3]);
  });

  test("whatever is written, read, delivered and refused, keys keep their order, bounds hold, and all is delivered", () => {
    const steps = fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant("write" as const),
            key: fc.constantFrom("a", "b", "c"),
            size: fc.nat(60),
          }),
        },
        {
          weight: 2,
          arbitrary: fc.record({ do: fc.constant("read" as const), limit: fc.integer({ min: 1, max: 6 }) }),
        },
        { weight: 3, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
        {
          weight: 3,
          arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(5), isGood: fc.boolean() }),
        },
        { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const) }) },
      ),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(steps, (commands) => {
        const limits = { size: 8, perKey: 2, bytes: 70 };
        const window = openWindow<Queued>(limits);
        let outbox: Queued[] = [];
        let written = 0;
        let isDrained = false;
        const taken: (readonly Queued[])[] = [];
        const delivered: Queued[] = [];
        const unmarked: bigint[] = [];
        const act = {
          read: (limit: number) => {
            if (window.room() <= 0) return;
            const [known, full] = [new Set(window.known()), new Set(window.fullKeys())];
            const rows = outbox.filter(({ position, key }) => !known.has(position) && !full.has(key));
            window.admit(rows.slice(0, Math.min(limit, window.room())));
          },
          take: () => {
            const rows = window.take();
            if (rows !== undefined) taken.push(rows);
          },
          end: (which: number, isGood: boolean) => {
            const [rows] = taken.splice(which % Math.max(1, taken.length), 1);
            const key = rows?.[0]?.key;
            if (rows === undefined || key === undefined) return;
            if (isGood) {
              delivered.push(...rows);
              unmarked.push(...rows.map(({ position }) => position));
              window.done(key);
            } else {
              window.giveBack(rows);
              window.resume(key);
            }
          },
          delete: () => {
            const gone = new Set(unmarked.splice(0));
            outbox = outbox.filter(({ position }) => !gone.has(position));
            window.forget([...gone]);
          },
        };
        for (const command of commands) {
          if (command.do === "write") outbox.push(row(++written, command.key, command.size));
          else if (command.do === "read") act.read(command.limit);
          else if (command.do === "take") act.take();
          else if (command.do === "end") act.end(command.which, command.isGood);
          else act.delete();
          expect(window.known().length).toBeLessThanOrEqual(limits.size);
        }
        for (let round = 0; round < written * 3 + 3 && !isDrained; round++) {
          act.read(8);
          act.take();
          act.end(0, true);
          act.delete();
          isDrained = outbox.length === 0;
        }
        expect(delivered).toHaveLength(written);
        for (const key of ["a", "b", "c"]) {
          const ofKey = delivered.filter((each) => each.key === key).map(({ position }) => Number(position));
          expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        }
        expect(window.known()).toEqual([]);
        expect(window.fullKeys()).toEqual([]);
      }),
    );
  });
});
