import { createLogger } from "@dawr/telemetry";
import { eventually, testClock } from "@dawr/testkit";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Background, nextDeadline, startTimer } from "./timer.ts";

const clock = testClock("2026-03-01T09:00:00Z");
const lines: string[] = [];
const log = createLogger({ service: "test", level: "info", destination: { write: (line) => lines.push(line) } });
let running: Background | undefined;

afterEach(async () => {
  await running?.stop();
  lines.length = 0;
});

/** A pretended table of deadlines and the channel that wakes the timer. */
function deadlines() {
  const open: Temporal.Instant[] = [];
  const fired: { readonly at: string; readonly deadlines: readonly string[] }[] = [];
  let wake = () => {};
  let failures: Error[] = [];
  const timer = nextDeadline({
    name: "expiry",
    channel: "expiry",
    next: async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return open.toSorted(Temporal.Instant.compare)[0];
    },
    fire: async () => {
      const due = open.filter((at) => Temporal.Instant.compare(at, clock.now()) <= 0);
      fired.push({ at: clock.now().toString(), deadlines: due.map(String) });
      open.splice(0, open.length, ...open.filter((at) => !due.includes(at)));
    },
  });
  const store = {
    listen: async (_channel: string, onNotify: (payload: string) => void) => {
      wake = () => onNotify("");
      return async () => {
        wake = () => {};
      };
    },
  };
  return {
    fired,
    failNext: (...errors: Error[]) => {
      failures = errors;
    },
    add(at: Temporal.Instant) {
      open.push(at);
      wake();
    },
    start: async () => {
      running = await startTimer(timer, { store, now: clock.now, log });
    },
  };
}

const inMinutes = (minutes: number) => clock.now().add({ minutes });

describe("startTimer", () => {
  test("given a deadline that has passed while nothing ran, when it starts, then it fires at once", async () => {
    const table = deadlines();
    const past = inMinutes(-5);
    table.add(past);
    await table.start();
    await eventually(() => expect(table.fired).toEqual([{ at: clock.now().toString(), deadlines: [String(past)] }]));
  });

  test("given a deadline ahead, when the clock is stepped over it, then it fires once, and not before", async () => {
    const table = deadlines();
    const deadline = inMinutes(15);
    table.add(deadline);
    await table.start();
    clock.advance({ minutes: 14 });
    clock.advance({ minutes: 1 });
    await eventually(() => expect(table.fired).toEqual([{ at: String(deadline), deadlines: [String(deadline)] }]));
  });

  test("given a timer that waits for a late deadline, when a nearer one is told by NOTIFY, then the nearer fires first", async () => {
    const table = deadlines();
    const late = inMinutes(60);
    table.add(late);
    await table.start();
    const near = inMinutes(1);
    table.add(near);
    clock.advance({ minutes: 1 });
    await eventually(() => expect(table.fired.map((each) => each.deadlines)).toEqual([[String(near)]]));
    clock.advance({ minutes: 59 });
    await eventually(() => expect(table.fired.map((each) => each.deadlines)).toEqual([[String(near)], [String(late)]]));
  });

  test("given a clock that is stepped back, when it comes to the deadline again, then the deadline still fires", async () => {
    const table = deadlines();
    await table.start();
    const deadline = inMinutes(10);
    table.add(deadline);
    clock.advance({ hours: -2 });
    clock.advance({ hours: 2, minutes: 10 });
    await eventually(() => expect(table.fired).toHaveLength(1));
  });

  test("given errors, when the deadline is asked for again, then it fires and the errors are logged", async () => {
    const table = deadlines();
    table.failNext(new Error("connection lost"), new Error("still lost"));
    table.add(inMinutes(-1));
    await table.start();
    await eventually(() => expect(table.fired).toHaveLength(1));
    expect(lines.map((line) => JSON.parse(line).err.message)).toEqual(["connection lost", "still lost"]);
  });

  test("given many deadlines, when each comes, then none is lost and each fires at its own time", async () => {
    const table = deadlines();
    await table.start();
    const all = [3, 1, 4, 2, 5].map(inMinutes);
    for (const at of all) table.add(at);
    for (let minute = 1; minute <= 5; minute += 1) {
      clock.advance({ minutes: 1 });
      await eventually(() => expect(table.fired).toHaveLength(minute));
    }
    expect(table.fired.flatMap((each) => each.deadlines)).toEqual(all.toSorted(Temporal.Instant.compare).map(String));
    expect(table.fired.every((each) => each.deadlines[0] === each.at)).toBe(true);
  });
});
