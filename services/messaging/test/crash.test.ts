import { randomUUID } from "node:crypto";
import { defineConsumer, on } from "@dawr/events";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import {
  type NotificationDelivered,
  NotificationDeliveredSchema,
  type NotificationFailed,
  NotificationFailedSchema,
} from "@dawr/gen/dawr/messaging/v1/events_pb.js";
import { Channel } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { smtpChannel } from "../src/channels/smtp.ts";
import { resumeJob, type SendDeps, sendJob } from "../src/sending/send.ts";
import { openWorld, type World } from "./world.ts";

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

async function waiting(email: string): Promise<{ notification: string; id: string }> {
  const { notification } = await world.platform.internal(DeliveryService, { workload: "identity" }).deliver({
    recipient: { case: "email", value: email },
    template: "log-in-code",
    locale: "en",
    arguments: { code: "123456" },
    expireTime: { seconds: BigInt(Math.floor(world.clock.now().epochMilliseconds / 1000) + 600), nanos: 0 },
    subject: "accounts/me",
    requestId: randomUUID(),
  });
  return await eventually(async () => {
    const [row] = await world.platform
      .service("messaging")
      .store.read((tx) =>
        tx.query<{ id: string }>(
          "select id from delivery where notification_id = $1 and attempts = 1 and next_attempt_time > $2",
          [notification.slice(-36), world.clock.now()],
        ),
      );
    if (row === undefined) throw new Error("it was not tried yet");
    return { notification, id: row.id };
  });
}

function sending(over: Partial<SendDeps> = {}): SendDeps {
  const { host } = world.platform.service("messaging");
  const seconds = (count: number) => Temporal.Duration.from({ seconds: count });
  return {
    store: host.store,
    keys: host.keys,
    now: host.now,
    enqueue: host.enqueue,
    log: host.log,
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

const helpers = () => {
  const { log } = world.platform.service("messaging").host;
  return { id: "1", log, attempt: 1, maxAttempts: 25, signal: new AbortController().signal };
};

test("given a crash between send and mark, then the mail comes twice with one Message-ID, and is told once", async () => {
  await world.server.down();
  const { notification, id } = await waiting("crash@people.example");
  await world.server.up();
  const deps = sending();
  let transactions = 0;
  const dying: SendDeps = {
    ...deps,
    store: {
      ...deps.store,
      // The first is the attempt's beginning; the second would have marked it.
      transaction: (work) =>
        ++transactions === 1 ? deps.store.transaction(work) : Promise.reject(new Error("the process is gone")),
    },
  };
  await expect(sendJob(dying).run({ delivery: id }, helpers())).rejects.toThrow("the process is gone");
  expect(world.server.mails).toHaveLength(1);
  await sendJob(deps).run({ delivery: id }, helpers());
  // Once it is marked, nobody sends it any more.
  await sendJob(deps).run({ delivery: id }, helpers());
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
  told.length = 0;
});

test("given a code that ends while the server is down, then it is not sent when the server is back", async () => {
  world.server.mails.length = 0;
  await world.server.down();
  const { id } = await waiting("too-late@people.example");
  await world.server.up();
  world.clock.advance({ minutes: 10 });
  const deps = sending();
  await sendJob(deps).run({ delivery: id }, helpers());
  deps.email.close();
  expect(world.server.mails).toEqual([]);
  const rows = await deps.store.read((tx) => tx.query("select state, message from delivery where id = $1", [id]));
  expect(rows).toEqual([{ state: "EXPIRED", message: null }]);
});

test("given a message that is refused for good, then it is told as failed, without the address", async () => {
  await world.server.down();
  const { notification, id } = await waiting("refused@people.example");
  await world.server.up();
  world.server.mood = { refuses: 550 };
  const deps = sending();
  await sendJob(deps).run({ delivery: id }, helpers());
  deps.email.close();
  world.server.mood = "takes";
  await eventually(() => expect(told).toHaveLength(1));
  expect(told[0]).toMatchObject({
    $typeName: "dawr.messaging.v1.NotificationFailed",
    notification,
    failure: "EMESSAGE 550",
    attempts: 2,
  });
});

test("given a delivery whose job was lost, then it is found again when it is long overdue", async () => {
  await world.server.down();
  const { id } = await waiting("lost@people.example");
  const enqueued: unknown[] = [];
  const deps = sending({ enqueue: async (_, __, payload) => void enqueued.push(payload) });
  await resumeJob(deps).run({}, helpers());
  expect(enqueued).toEqual([]);
  world.clock.advance({ hours: 5 });
  await resumeJob(deps).run({}, helpers());
  expect(enqueued).toEqual([{ delivery: id }]);
  deps.email.close();
});
