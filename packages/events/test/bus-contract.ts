import { type Bus, type Event, replayDeadLetters, UnprocessableEvent } from "@dawr/events";
import type { Store } from "@dawr/store";
import { eventually } from "@dawr/testkit";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Act,
  change,
  changeTimes,
  consumerOf,
  effectsOf,
  gate,
  openWorld,
  parkedOf,
  unhandledSchema,
  upTo,
  versionsOf,
  type World,
  waitingIn,
} from "./bus-world.ts";

/** What is asked of every bus together with the relay: order, nothing lost, effects once, and nobody held up by others. */
export function busContract(name: string, createBus: () => Promise<Bus>): void {
  describe(`${name} as a bus`, () => {
    let world: World;
    beforeEach(async () => {
      world = await openWorld(createBus);
    });
    afterEach(async () => {
      await world.close();
    });

    const subscribe = (consumer: string, act?: Act, options?: { projection?: boolean }) =>
      world.bus.subscribe([consumerOf(consumer, act, options)], world.reader);
    const publish = (key: string, times: number) => changeTimes(world.producer, key, times);
    const versions = (consumer: string) => versionsOf(world.reader, consumer);
    const settled = () =>
      eventually(async () => expect(await waitingIn(world.producer)).toBe(0), { timeoutMs: 15_000 });

    test("given a commit and a rollback, when relayed, then the committed event arrives whole and the other never", async () => {
      const seen: Event[] = [];
      await subscribe("desk.copies", (event) => void seen.push(event));
      await world.startRelay();
      const undone = change(world.producer, "undone", { meanwhile: () => Promise.reject(new Error("rolled back")) });
      await expect(undone).rejects.toThrow("rolled back");
      await publish("a", 1);
      await settled();

      expect(seen).toEqual([
        {
          id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
          type: "dawr.testing.v1.ThingHappened",
          source: "dawr.shop",
          subject: "things/a",
          key: "a",
          sequence: 1n,
          time: expect.any(Temporal.Instant),
          data: expect.any(Uint8Array),
        },
      ]);
      expect(await versions("desk.copies")).toEqual({ a: [1] });
    });

    test("given 16 writers whose transactions commit out of order, when relayed, then no event is lost and keys keep their order", async () => {
      await subscribe("desk.copies");
      await world.startRelay();
      const keys = upTo(40).map(String);
      await Promise.all(
        upTo(16).map(async (writer) => {
          for (const turn of upTo(40)) {
            const key = keys[(writer * 7 + turn * 11) % keys.length] ?? "";
            // Positions are taken long before the commit, in another order than the commits.
            await change(world.producer, key, {
              meanwhile: async (tx) => void (await tx.query("select pg_sleep($1)", [((writer * turn) % 5) / 500])),
            });
          }
        }),
      );
      await settled();

      const applied = await versions("desk.copies");
      expect(Object.values(applied).flat()).toHaveLength(16 * 40);
      for (const ofKey of Object.values(applied)) expect(ofKey).toEqual(upTo(ofKey.length));
    });

    test("given a relay that looks by itself only every minute, then a commit wakes it", async () => {
      await subscribe("desk.copies");
      await world.startRelay({ leaseMs: 240_000 });
      await publish("a", 3);
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: [1, 2, 3] });
    });

    test("given an event published twice and at once, then it takes effect once for each consumer", async () => {
      const [mail, stats] = [consumerOf("desk.mail"), consumerOf("desk.stats")];
      await world.bus.subscribe([mail, stats], world.reader);
      const event = someEvent("a", 1n);
      await Promise.all([world.bus.publish([event]), world.bus.publish([event, event])]);
      await world.bus.publish([event]);
      await eventually(async () => {
        expect(await versions("desk.mail")).toEqual({ a: [1] });
        expect(await versions("desk.stats")).toEqual({ a: [1] });
      });
    });

    test("given a handler that fails twice, then the event takes effect once and before the next of its key", async () => {
      let failures = 2;
      await subscribe("desk.copies", (event) => {
        if (event.sequence === 2n && failures-- > 0) throw new Error("not yet");
      });
      await world.startRelay();
      await publish("a", 4);
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: [1, 2, 3, 4] });
    });

    test("given a poisonous event, then it and later ones of its key are parked for that consumer, and all others go on", async () => {
      let isPoisonous = true;
      const copies = consumerOf("desk.copies", (event) => {
        if (isPoisonous && event.key === "a" && event.sequence >= 2n) throw new Error("poison");
      });
      await world.bus.subscribe([copies, consumerOf("desk.mail")], world.reader);
      await world.startRelay();
      await publish("a", 4);
      await publish("b", 3);
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: [1], b: [1, 2, 3] });
      expect(await versions("desk.mail")).toEqual({ a: [1, 2, 3, 4], b: [1, 2, 3] });
      expect(await parkedOf(world.reader, "desk.copies")).toEqual(["a@2", "a@3", "a@4"]);

      const stillBad = await replayDeadLetters(world.reader, { consumers: [copies] });
      expect(stillBad).toMatchObject({ applied: 0, failed: [{ consumer: "desk.copies", key: "a" }] });
      expect(await parkedOf(world.reader, "desk.copies")).toEqual(["a@2", "a@3", "a@4"]);

      isPoisonous = false;
      expect(await replayDeadLetters(world.reader, { consumers: [copies] })).toEqual({
        applied: 3,
        outdated: 0,
        failed: [],
      });
      await publish("a", 1);
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: [1, 2, 3, 4, 5], b: [1, 2, 3] });
      expect(await parkedOf(world.reader, "desk.copies")).toEqual([]);
    });

    test("given events that arrive while parked ones are replayed, then none stays behind and the order holds", async () => {
      let isPoisonous = true;
      const copies = consumerOf("desk.copies", () => {
        if (isPoisonous) throw new UnprocessableEvent("poison");
      });
      await world.bus.subscribe([copies], world.reader);
      await world.startRelay();
      await publish("a", 10);
      await settled();
      isPoisonous = false;
      await Promise.all([publish("a", 20), replayDeadLetters(world.reader, { consumers: [copies] })]);
      await settled();
      expect(await parkedOf(world.reader, "desk.copies")).toEqual([]);
      expect(await versions("desk.copies")).toEqual({ a: upTo(30) });
    });

    test("given data that is no message of its type, then the event is parked without being tried again", async () => {
      await subscribe("desk.copies");
      await world.bus.publish([{ ...someEvent("a", 1n), data: new Uint8Array([0x0a, 0x7f]) }]);
      await eventually(async () => expect(await parkedOf(world.reader, "desk.copies")).toEqual(["a@1"]));
      const [letter] = await world.reader.read((tx) =>
        tx.query<{ attempts: number; error: string }>("select attempts, error from dead_letter"),
      );
      expect(letter).toEqual({ attempts: 1, error: expect.stringContaining("UnprocessableEvent") });
    });

    test("given a relay that dies between effect and mark, when another takes over, then the effect is there once", async () => {
      await subscribe("desk.copies");
      const dead = await world.startRelay({ bus: silentAfter(world.bus) });
      await publish("a", 3);
      await publish("b", 2);
      await eventually(async () => expect((await effectsOf(world.reader, "desk.copies")).length).toBeGreaterThan(1));
      await dead.close({ graceMs: 0 });
      expect(await waitingIn(world.producer)).toBeGreaterThan(0);

      await world.startRelay();
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: [1, 2, 3], b: [1, 2] });
    });

    test("given a subscription that leaves in the middle, then another one goes on where it stopped", async () => {
      const reached = gate();
      const first = await subscribe("desk.copies", (event) => {
        if (event.sequence === 5n) reached.open();
      });
      await world.startRelay();
      const writing = Promise.all(["a", "b", "c"].map((key) => publish(key, 15)));
      await reached.passed;
      await first.close();
      await writing;
      await subscribe("desk.copies");
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: upTo(15), b: upTo(15), c: upTo(15) });
    });

    test("given two subscriptions of one consumer, when one leaves, then the other does all of it, once", async () => {
      const reached = gate();
      const act: Act = (event) => {
        if (event.sequence === 5n) reached.open();
      };
      const first = await subscribe("desk.copies", act);
      await subscribe("desk.copies", act);
      await world.startRelay();
      const writing = Promise.all(["a", "b", "c"].map((key) => publish(key, 15)));
      await reached.passed;
      await first.close();
      await writing;
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: upTo(15), b: upTo(15), c: upTo(15) });
    });

    test("given two relays, then one leads, and the other goes on when it stops", async () => {
      await subscribe("desk.copies");
      const first = await world.startRelay();
      const second = await world.startRelay();
      expect([first.epoch(), second.epoch()]).toEqual([1n, undefined]);
      const writing = Promise.all(["a", "b", "c", "d"].map((key) => publish(key, 25)));
      await eventually(async () => expect((await effectsOf(world.reader, "desk.copies")).length).toBeGreaterThan(10));
      await first.close();
      await writing;
      await settled();
      expect([first.epoch(), second.epoch()]).toEqual([undefined, 2n]);
      expect(await versions("desk.copies")).toEqual({ a: upTo(25), b: upTo(25), c: upTo(25), d: upTo(25) });
    });

    test("given a relay that froze and lost its lease, when it wakes, then it changes nothing and speaks no more", async () => {
      await subscribe("desk.copies");
      const thaw = gate();
      let isFrozen = false;
      const whenAwake = async () => {
        if (isFrozen) await thaw.passed;
      };
      const spoken: string[] = [];
      const first = await world.startRelay({
        leaseMs: 300,
        store: slowedStore(world.producer, whenAwake),
        bus: {
          ...world.bus,
          publish: async (events) => {
            spoken.push(...events.map((event) => `${event.key}@${event.sequence}`));
            isFrozen = true;
            await whenAwake();
            await world.bus.publish(events);
          },
        },
      });
      await publish("a", 1);
      await eventually(() => expect(spoken).toEqual(["a@1"]));
      await publish("a", 1);
      const second = await world.startRelay({ leaseMs: 300 });
      await eventually(() => expect(second.epoch()).toBe(2n));
      await publish("a", 1);
      await settled();

      thaw.open();
      await publish("b", 2);
      await settled();
      await eventually(() => expect(first.epoch()).toBeUndefined());
      expect(spoken).toEqual(["a@1"]);
      expect(await versions("desk.copies")).toEqual({ a: [1, 2, 3], b: [1, 2] });
    });

    test("given a bus that refuses for a while, then everything arrives later, in order", async () => {
      await subscribe("desk.copies");
      let refusals = 6;
      await world.startRelay({
        bus: {
          ...world.bus,
          publish: async (events) => {
            if (refusals-- > 0) throw new Error("no bus");
            await world.bus.publish(events);
          },
        },
      });
      await Promise.all(["a", "b"].map((key) => publish(key, 5)));
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: upTo(5), b: upTo(5) });
    });

    test("given a key whose handler hangs, then other keys go on, and it catches up in order", async () => {
      const hanging = gate();
      await subscribe("desk.copies", async (event) => {
        if (event.key === "slow") await hanging.passed;
      });
      await world.startRelay();
      await publish("slow", 40);
      await Promise.all(["a", "b"].map((key) => publish(key, 30)));
      await eventually(async () => expect(await versions("desk.copies")).toEqual({ a: upTo(30), b: upTo(30) }));
      hanging.open();
      await settled();
      expect((await versions("desk.copies")).slow).toEqual(upTo(40));
    });

    test("given types and services that a consumer does not know, then they pass by it", async () => {
      await subscribe("desk.copies");
      await world.startRelay();
      await change(world.producer, "a", { schema: unhandledSchema });
      await change(world.producer, "a");
      await world.bus.publish([{ ...someEvent("x", 1n), source: "dawr.other" }]);
      await settled();
      expect(await versions("desk.copies")).toEqual({ a: [2] });
      const received = await world.reader.read((tx) => tx.query("select 1 as one from inbox"));
      expect(received).toHaveLength(1);
    });

    test("given a projection, then older versions are skipped and a poisonous one holds up nothing", async () => {
      let isPoisonous = true;
      const copies = consumerOf(
        "desk.copies",
        (event) => {
          if (isPoisonous && event.sequence === 2n) throw new Error("poison");
        },
        { projection: true },
      );
      await world.bus.subscribe([copies], world.reader);
      for (const sequence of [1n, 3n, 2n, 4n]) await world.bus.publish([someEvent("a", sequence)]);
      for (const sequence of [1n, 2n, 3n]) await world.bus.publish([someEvent("b", sequence)]);
      await eventually(async () => expect(await versions("desk.copies")).toEqual({ a: [1, 3, 4], b: [1, 3] }));
      expect(await parkedOf(world.reader, "desk.copies")).toEqual(["b@2"]);

      isPoisonous = false;
      expect(await replayDeadLetters(world.reader, { consumers: [copies], key: "b" })).toEqual({
        applied: 0,
        outdated: 1,
        failed: [],
      });
      expect(await versions("desk.copies")).toEqual({ a: [1, 3, 4], b: [1, 3] });
    });

    test("given a projection and a pile of events with one poisonous, then all others of the pile take effect once", async () => {
      await subscribe(
        "desk.copies",
        (event) => {
          if (event.key === "7") throw new UnprocessableEvent("poison");
        },
        { projection: true },
      );
      await Promise.all(upTo(300).map((key) => change(world.producer, String(key))));
      await world.startRelay();
      await settled();
      const applied = await effectsOf(world.reader, "desk.copies");
      expect(applied.map((effect) => Number(effect.key)).sort((a, b) => a - b)).toEqual(
        upTo(300).filter((key) => key !== 7),
      );
      expect(await parkedOf(world.reader, "desk.copies")).toEqual(["7@1"]);
    });

    test("given flush, then it answers once everything that is committed has arrived", async () => {
      await subscribe("desk.copies");
      const relay = await world.startRelay();
      await Promise.all(upTo(20).map((key) => publish(String(key), 3)));
      expect(await relay.flush()).toBe(true);
      expect(await effectsOf(world.reader, "desk.copies")).toHaveLength(60);
    });
  });
}

/** A bus that takes what it is given and never answers: its relay is as good as dead. */
function silentAfter(bus: Bus): Bus {
  return {
    ...bus,
    publish: async (events) => {
      await bus.publish(events);
      await new Promise(() => {});
    },
  };
}

/** A store as a process sees it that may be frozen: nothing it asks is asked before it wakes. */
function slowedStore(store: Store, whenAwake: () => Promise<void>): Store {
  return {
    ...store,
    transaction: async (work) => {
      await whenAwake();
      return await store.transaction(work);
    },
    read: async (work) => {
      await whenAwake();
      return await store.read(work);
    },
    query: async (sql, params) => {
      await whenAwake();
      return await store.query(sql, params);
    },
  };
}

let count = 0;

/** An event that no outbox knows, for what the bus itself promises. */
function someEvent(key: string, sequence: bigint): Event {
  count += 1;
  return {
    id: `019b0000-0000-7000-8000-${count.toString(16).padStart(12, "0")}`,
    type: "dawr.testing.v1.ThingHappened",
    source: "dawr.shop",
    subject: `things/${key}`,
    key,
    sequence,
    time: Temporal.Now.instant(),
    data: new Uint8Array([0x0a, 1, 0x61]),
  };
}
