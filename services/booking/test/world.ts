import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import { type Bus, type Event, inProcessBus } from "@dawr/events";
import { type Booking, BookingService, PaymentMethod } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PolicyService } from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import {
  PaymentFailedSchema,
  PaymentSucceededSchema,
  RefundFailedSchema,
  RefundSucceededSchema,
} from "@dawr/gen/dawr/payment/v1/events_pb.js";
import { PaymentSchema } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { tokenAudience, tokenIssuer } from "@dawr/rpc";
import { type Running, runAll } from "@dawr/runtime";
import { createLogger } from "@dawr/telemetry";
import { eventually, type TestClock, testClock, testDatabase } from "@dawr/testkit";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { booking } from "../src/service.ts";
import { cut, mona, type Neighbours, neighbours, provider } from "./neighbours.ts";

/** What a signed-in person calls with. */
export type As = { readonly headers: Readonly<Record<string, string>> };

/** Booking on a real database, with its runtime, between neighbours that do what a test says. */
export type World = {
  readonly clock: TestClock;
  readonly around: Neighbours;
  /** Every event that booking published, in order. */
  readonly published: Event[];
  /** What was logged as an error, in order. */
  readonly logged: Readonly<Record<string, unknown>>[];
  bookings(): Client<typeof BookingService>;
  policies(): Client<typeof PolicyService>;
  running(): Running;
  /** Stops the process in the middle of whatever it does, and starts another on the same database. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Somebody who signed in; another person each time. */
  person(roles?: readonly string[]): Promise<As & { readonly account: string }>;
  /** Holds the cut with Mona for somebody, `hours` from now. */
  hold(who: As, hours: number): Promise<Booking>;
  /** … and creates the booking, which then waits for its payment. */
  book(who: As, hours: number): Promise<Booking>;
  /** … and pays it, which confirms it. */
  confirmed(who: As, hours: number): Promise<Booking>;
  /** What the payment service tells when the money of a booking has come. */
  paid(of: Booking, more?: { amountMinor?: bigint; payment?: string; currencyCode?: string }): Event;
  failed(of: Booking): Event;
  /** … how its refunds stand after one succeeded (all has gone back, unless told otherwise), or failed (nothing has). */
  refunded(of: Booking, sums?: RefundSums): Event;
  refundFailed(of: Booking, sums?: RefundSums): Event;
  publish(...events: readonly Event[]): Promise<void>;
  /** Waits for something that the saga does; its clock goes on a little meanwhile, for retries to fall due. */
  settles<T>(check: () => T | Promise<T>): Promise<T>;
  /** The events of a booking by name. */
  eventsOf(name: string): readonly string[];
  /** Saga steps that are still to be done. */
  stepsLeft(): Promise<readonly string[]>;
  /** Connects as the role that owns the tables. */
  readonly ownerUrl: string;
  close(): Promise<void>;
};

/** What payment says of all refunds of a payment. */
type RefundSums = { doneMinor?: bigint; underWayMinor?: bigint; payment?: string; currencyCode?: string };

export const requestId = (): string => randomUUID();

export async function openWorld(settings: Readonly<Record<string, string>> = {}): Promise<World> {
  const clock = testClock("2026-03-01T08:00:00Z");
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = JSON.stringify({ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA" });
  const around = neighbours(clock.now, jwk);
  const database = await testDatabase(["booking"]);
  const folder = await mkdtemp(join(tmpdir(), "dawr-booking-"));
  const published: Event[] = [];
  const logged: Record<string, unknown>[] = [];
  let bus: Bus;
  let running: Running;

  const start = async () => {
    const carrier = inProcessBus({ log: createLogger({ service: "bus", level: "silent" }), now: clock.now });
    bus = {
      ...carrier,
      publish: async (events) => {
        published.push(...events.filter(({ source }) => source === "dawr.booking"));
        await carrier.publish(events);
      },
    };
    const definitions = [...around.definitions, booking];
    running = await runAll(definitions, {
      bus,
      now: clock.now,
      logDestination: { write: (line) => void logged.push(JSON.parse(line)) },
      env: {
        HOST: "127.0.0.1",
        METRICS_PORT: "0",
        LOG_LEVEL: "error",
        KEY_FILE: join(folder, "keys.json"),
        WORKLOAD_KEY_FILE: join(folder, "workload.key"),
        MIGRATION_DATABASE_URL: database.ownerUrl,
        BOOKING_HOLDS_PER_ADDRESS: "10000",
        STOP_LIMIT: "5s",
        ...settings,
      },
      services: { booking: { DATABASE_URL: database.urlOf("booking") } },
    });
  };
  await start();

  const bookings = () => running.client(BookingService);
  const event = <D extends DescMessage>(schema: D, message: MessageInitShape<D>, subject: string): Event => ({
    id: randomUUID(),
    type: schema.typeName,
    source: "dawr.payment",
    subject,
    key: subject.slice(subject.lastIndexOf("/") + 1),
    sequence: 1n,
    time: clock.now(),
    data: toBinary(schema, create(schema, message)),
  });
  const paymentOf = (of: Booking, more: { amountMinor?: bigint; payment?: string; currencyCode?: string } = {}) =>
    create(PaymentSchema, {
      name: more.payment ?? of.payment?.payment ?? "",
      booking: of.name,
      amounts: {
        total: {
          currencyCode: more.currencyCode ?? "AED",
          amountMinor: more.amountMinor ?? of.price?.dueNow?.amountMinor ?? 0n,
        },
      },
    });
  const refundEvent = (
    schema: typeof RefundSucceededSchema | typeof RefundFailedSchema,
    of: Booking,
    { doneMinor = 0n, underWayMinor = 0n, payment = of.payment?.payment ?? "", currencyCode = "AED" }: RefundSums,
  ) =>
    event(
      schema,
      {
        payment: {
          name: payment,
          booking: of.name,
          refunded: { currencyCode, amountMinor: doneMinor },
          refunding: { currencyCode, amountMinor: underWayMinor },
        },
        refund: { name: `${payment}/refunds/${requestId()}` },
      },
      payment,
    );
  const settles: World["settles"] = (check) =>
    eventually(
      async () => {
        clock.advance({ milliseconds: 100 });
        return await check();
      },
      { timeoutMs: 8_000 },
    );
  const hold: World["hold"] = async (who, hours) => {
    const answer = await bookings().holdSlot(
      {
        provider,
        items: [{ service: cut, staffChoice: { case: "staffMember", value: mona } }],
        startTime: timestampFromMs(minuteFrom(clock.now(), hours)),
        requestId: requestId(),
      },
      who,
    );
    if (answer.booking === undefined) throw new Error("no booking was answered");
    return answer.booking;
  };
  const book: World["book"] = async (who, hours) => {
    const { name } = await hold(who, hours);
    return await bookings().createBooking({ name, paymentMethod: PaymentMethod.ONLINE, requestId: requestId() }, who);
  };
  const world: World = {
    clock,
    ownerUrl: database.ownerUrl,
    around,
    published,
    logged,
    bookings,
    policies: () => running.client(PolicyService),
    running: () => running,
    start,
    stop: () => running.stop(),
    restart: async () => {
      await running.stop();
      await start();
    },
    person: async (roles = ["customer"]) => {
      const account = `accounts/${randomUUID()}`;
      const token = await new SignJWT({ sid: `${account}/sessions/${randomUUID()}`, roles: [...roles] })
        .setProtectedHeader({ alg: "EdDSA", kid: "test" })
        .setIssuer(tokenIssuer)
        .setAudience(tokenAudience)
        .setSubject(account)
        .setExpirationTime(new Date(clock.now().add({ hours: 10_000 }).epochMilliseconds))
        .sign(privateKey);
      return { account, headers: { authorization: `Bearer ${token}` } };
    },
    hold,
    book,
    confirmed: async (who, hours) => {
      const waiting = await book(who, hours);
      await bus.publish([world.paid(waiting)]);
      return await settles(async () => {
        const found = await bookings().getBooking({ name: waiting.name }, who);
        if (found.state !== 4) throw new Error(`the booking is in state ${found.state}`);
        return found;
      });
    },
    paid: (of, more) => event(PaymentSucceededSchema, { payment: paymentOf(of, more) }, paymentOf(of, more).name),
    failed: (of) => event(PaymentFailedSchema, { payment: paymentOf(of) }, paymentOf(of).name),
    refunded: (of, sums) =>
      refundEvent(RefundSucceededSchema, of, { doneMinor: of.price?.dueNow?.amountMinor ?? 0n, ...sums }),
    refundFailed: (of, sums = {}) => refundEvent(RefundFailedSchema, of, sums),
    publish: (...events) => bus.publish(events),
    settles,
    eventsOf: (name) =>
      published.filter(({ subject }) => subject === name).map(({ type }) => type.replace("dawr.booking.v1.", "")),
    stepsLeft: async () => {
      const rows = await running
        .service("booking")
        .store.read((tx) => tx.query<{ name: string }>("select name from saga_step order by name"));
      return rows.map(({ name }) => name);
    },
    close: async () => {
      await running.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** Starts are whole minutes. */
function minuteFrom(now: Temporal.Instant, hours: number): number {
  return Math.ceil((now.epochMilliseconds + hours * 3_600_000) / 60_000) * 60_000;
}

/** The reason for which a call was refused. */
export async function refusalOf(call: Promise<unknown>): Promise<{
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly error: unknown;
}> {
  const { reasonOf } = await import("@dawr/rpc");
  try {
    await call;
  } catch (error) {
    const known = reasonOf(error);
    if (known === undefined) throw error;
    return { ...known, error };
  }
  throw new Error("the call was not refused");
}
