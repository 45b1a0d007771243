import { randomUUID } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { defineConsumer, on } from "@dawr/events";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import {
  type NotificationDelivered,
  NotificationDeliveredSchema,
  type NotificationFailed,
  NotificationFailedSchema,
} from "@dawr/gen/dawr/messaging/v1/events_pb.js";
import { Channel } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { RefundSucceededSchema } from "@dawr/gen/dawr/payment/v1/events_pb.js";
import type { Step } from "@dawr/runtime";
import { eventually, freePorts } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { smtpChannel } from "../src/channels/smtp.ts";
import { type SendDeps, sendSteps } from "../src/sending/send.ts";
import { eventOf, openWorld, provider, type World } from "./world.ts";

let world: World;
const told: (NotificationDelivered | NotificationFailed)[] = [];
beforeAll(async () => {
  // After a failed attempt nobody but the test tries again.
  world = await openWorld({ MESSAGING_RETRY: "4h", MESSAGING_RETRY_LIMIT: "4h" });
  const outcomes = defineConsumer({
    name: "test.outcomes",
    from: "messaging",
    handlers: [
      on(NotificationDeliveredSchema, async (_, message) => void told.push(message)),
      on(NotificationFailedSchema, async (_, message) => void told.push(message)),
    ],
  });
  await world.bus.subscribe([outcomes], world.platform.service("messaging").store);
});
afterAll(() => world.close());
beforeEach(() => {
  world.server.mood = "takes";
  world.server.mails.length = 0;
  told.length = 0;
});

/** A code that was tried once while the server was down, and waits four hours for the next attempt; the server is up again. */
async function waiting(email: string): Promise<{ notification: string; id: string }> {
  await world.server.down();
  const { notification } = await world.platform.internal(DeliveryService, { workload: "identity" }).deliver({
    recipient: { case: "email", value: email },
    template: "log-in-code",
    locale: "en",
    arguments: { code: "123456" },
    expireTime: { seconds: BigInt(Math.floor(world.clock.now().epochMilliseconds / 1000) + 600), nanos: 0 },
    subject: "accounts/me",
    requestId: randomUUID(),
  });
  const id = await eventually(async () => {
    const rows = await rowsOf<{ id: string; due: Temporal.Instant }>(
      `select d.id, s.due_time as due from delivery d join saga_step s on s.key = d.id::text and s.claim is null
       where d.notification_id = $1 and d.attempts = 1`,
      [notification.slice(-36)],
    );
    expect(rows).toEqual([{ id: expect.any(String), due: world.clock.now().add({ hours: 4 }) }]);
    return rows[0]?.id ?? "";
  });
  await world.server.up();
  return { notification, id };
}

function rowsOf<Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
  return world.platform.service("messaging").store.query<Row>(sql, params);
}

function sending(over: Partial<SendDeps> = {}): SendDeps {
  const { host } = world.platform.service("messaging");
  const seconds = (count: number) => Temporal.Duration.from({ seconds: count });
  return {
    store: host.store,
    keys: host.keys,
    now: host.now,
    log: host.log,
    concurrency: 1,
    email: smtpChannel({
      url: `smtp://127.0.0.1:${world.server.port}`,
      from: "Dawr <no-reply@dawr.example>",
      maxConnections: 1,
      connectTimeout: seconds(5),
      timeout: seconds(5),
    }),
    rule: { first: seconds(3600), limit: seconds(3600), attempts: 3 },
    count: () => {},
    ...over,
  };
}

/** The delivery's step as a runner hands it over, without the check of its claim. */
function stepOf(id: string, signal = new AbortController().signal): Step {
  return {
    ...{ id, key: id, name: "send", payload: null, attempt: 1, signal },
    done: (tx) => tx.post("delete from saga_step where id = $1", [id]),
    later: (tx, at) => tx.post("update saga_step set due_time = $2 where id = $1", [id, at]),
  };
}

test("given a crash between send and mark, then the mail comes twice with one Message-ID, and is told once", async () => {
  const { notification, id } = await waiting("crash@people.example");
  const deps = sending();
  const dying: SendDeps = {
    ...deps,
    store: { ...deps.store, transaction: () => Promise.reject(new Error("the process is gone")) },
  };
  await expect(sendSteps(dying).run(stepOf(id))).rejects.toThrow("the process is gone");
  expect(world.server.mails).toHaveLength(1);
  await sendSteps(deps).run(stepOf(id));
  // Once it is marked, nobody sends it any more.
  await sendSteps(deps).run(stepOf(id));
  deps.email.close();
  expect(world.server.mails.map(({ messageId }) => messageId)).toEqual([
    `<${id}@dawr.example>`,
    `<${id}@dawr.example>`,
  ]);
  await eventually(() => expect(told).toHaveLength(1));
  expect(told[0]).toMatchObject({
    $typeName: "dawr.messaging.v1.NotificationDelivered",
    notification,
    template: "log-in-code",
    channel: Channel.EMAIL,
    subject: "accounts/me",
  });
  expect(await rowsOf("select from saga_step where id = $1", [id])).toEqual([]);
});

test("given a process that died in the middle of an attempt, when its claim ends, then another one sends", async () => {
  const { id } = await waiting("died@people.example");
  // What a killed process leaves behind: a claim that nobody renews.
  await rowsOf(
    `update saga_step set claim = gen_random_uuid(), claim_end_time = clock_timestamp(), attempts = 1
     where id = $1 returning id`,
    [id],
  );
  await eventually(() => expect(world.server.mails).toHaveLength(1), { timeoutMs: 10_000 });
  await eventually(async () =>
    expect(await rowsOf("select state, attempts, message from delivery where id = $1", [id])).toEqual([
      { state: "DELIVERED", attempts: 3, message: null },
    ]),
  );
});

test("given a server that takes a mail and says nothing, when the service stops, then the next attempt is at its time", async () => {
  const { id } = await waiting("silent@people.example");
  world.server.mood = "is silent after taking";
  const stopping = new AbortController();
  const deps = sending();
  const sent = sendSteps(deps).run(stepOf(id, stopping.signal));
  await eventually(() => expect(world.server.mails).toHaveLength(1));
  stopping.abort();
  await sent;
  deps.email.close();
  const rows = await rowsOf(
    `select d.state, d.attempts, d.failures, s.due_time as due from delivery d join saga_step s on s.id = d.id
     where d.id = $1`,
    [id],
  );
  expect(rows).toEqual([{ state: "QUEUED", attempts: 2, failures: 0, due: world.clock.now().add({ hours: 1 }) }]);
});

test("given a server that says a little again and again, when a mail is sent, then the attempt ends all the same", async () => {
  const [port = 0] = await freePorts(1);
  let socket: Socket | undefined;
  const server = createServer((opened) => {
    socket = opened.on("error", () => {});
    opened.write("220 hello\r\n");
    const drip = setInterval(() => opened.write("250-more\r\n"), 10);
    opened.on("close", () => clearInterval(drip));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const limit = Temporal.Duration.from({ milliseconds: 100 });
  const url = `smtp://127.0.0.1:${port}`;
  const email = smtpChannel({ url, from: "a@b.example", maxConnections: 1, connectTimeout: limit, timeout: limit });
  const message = {
    deliveryId: randomUUID(),
    address: "x@people.example",
    locale: "en",
    subject: "",
    html: "",
    text: "",
  };
  expect(await email.send(message, new AbortController().signal)).toEqual({
    outcome: "unreachable",
    failure: "EABORT",
  });
  email.close();
  socket?.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test("given a code that ends while the server is down, then it is not sent when the server is back", async () => {
  const { id } = await waiting("too-late@people.example");
  world.clock.advance({ minutes: 10 });
  const deps = sending();
  await sendSteps(deps).run(stepOf(id));
  deps.email.close();
  expect(world.server.mails).toEqual([]);
  expect(await rowsOf("select state, message from delivery where id = $1", [id])).toEqual([
    { state: "EXPIRED", message: null },
  ]);
  expect(await rowsOf("select from saga_step where id = $1", [id])).toEqual([]);
});

test("given a message that is refused for good, then it is told as failed, without the address", async () => {
  const { notification, id } = await waiting("refused@people.example");
  world.server.mood = { refuses: 550 };
  const deps = sending();
  await sendSteps(deps).run(stepOf(id));
  deps.email.close();
  await eventually(() => expect(told).toHaveLength(1));
  expect(told[0]).toMatchObject({
    $typeName: "dawr.messaging.v1.NotificationFailed",
    notification,
    failure: "EMESSAGE 550",
    attempts: 2,
  });
});

test("given a reader who has left before the message is rendered, then it is told as failed on each way, and parked", async () => {
  const account = `accounts/${randomUUID()}`;
  const booking = `${provider}/bookings/${randomUUID()}`;
  const payment = { name: `payments/${randomUUID()}`, booking, account, provider };
  const refund = { amount: { currencyCode: "JOD", amountMinor: 40500n } };
  await world.bus.publish([eventOf("payment", RefundSucceededSchema, { payment, refund }, { subject: payment.name })]);
  await eventually(() => expect(told).toHaveLength(2));
  expect(told).toMatchObject([
    { account, failure: "recipient unknown", attempts: 0, channel: Channel.EMAIL },
    { account, failure: "recipient unknown", attempts: 0, channel: Channel.INBOX },
  ]);
  const rows = await rowsOf(
    `select n.state, n.version, n.arguments, d.state as delivery, l.failure from notification n
     join delivery d on d.notification_id = n.id join delivery_dead_letter l on l.delivery_id = d.id
     where n.account_id = $1`,
    [account.slice(9)],
  );
  const row = { state: "ENDED", version: 3n, arguments: null, delivery: "FAILED", failure: "recipient unknown" };
  expect(rows).toEqual([row, row]);
});
