import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { Channel } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { codeTo, confirmed, correspondence } from "./correspondence.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.server.mood = "takes";
  world.server.mails.length = 0;
});

const { delivery, person, inTime, mailsTo, oneMailTo, settled, deliveriesOf } = correspondence(() => world);

describe("Deliver", () => {
  test("given a code, when asked twice with one request id, then one mail and one answer", async () => {
    const request = codeTo("twice@people.example");
    const answers = await Promise.all([delivery().deliver(request), delivery().deliver(request)]);
    expect(answers[0].notification).toMatch(/^notifications\/[0-9a-f-]{36}$/);
    expect(answers[1].notification).toBe(answers[0].notification);
    const mail = await oneMailTo("twice@people.example");
    expect(mail.subject).toBe("493817 is your code");
    expect(mail.text).toContain("Hello Layla,");
    await settled();
    expect(mailsTo("twice@people.example")).toHaveLength(1);
    expect(await deliveriesOf(answers[0].notification)).toEqual([{ state: "DELIVERED", attempts: 1, message: null }]);
  });

  test("given a code, when two services ask under one request id, then one mail and one answer", async () => {
    const request = codeTo("shared@people.example");
    const first = await delivery().deliver(request);
    const second = await world.platform.internal(DeliveryService, { workload: "booking" }).deliver(request);
    expect(second.notification).toBe(first.notification);
    await settled();
    expect(mailsTo("shared@people.example")).toHaveLength(1);
  });

  test("given an account that reads Arabic, when written to, then the mail is in Arabic, right to left", async () => {
    const { account, email } = person("ar");
    await delivery().deliver({
      recipient: { case: "account", value: account },
      template: "log-in-code",
      arguments: { code: "102938" },
      requestId: randomUUID(),
    });
    const mail = await oneMailTo(email);
    expect(mail.subject).toBe("102938 هو رمز تسجيل الدخول");
    expect(mail.html).toContain('<html lang="ar" dir="rtl">');
    expect(mail.text).toContain("مرحبًا ليلى،");
  });

  test("given a code whose time is over, then it is not sent and what it said is gone", async () => {
    const expireTime = timestampFromMs(world.clock.now().subtract({ seconds: 1 }).epochMilliseconds);
    const { notification } = await delivery().deliver(codeTo("late@people.example", { expireTime }));
    await settled();
    expect(await deliveriesOf(notification)).toEqual([{ state: "EXPIRED", attempts: 0, message: null }]);
    expect(mailsTo("late@people.example")).toEqual([]);
  });

  test.each([
    ["a template that is not there", { template: "nothing" }, "TEMPLATE_UNKNOWN", { template: "nothing" }],
    ["no code", { arguments: {} }, "ARGUMENTS_MISSING", { template: "verification-code", missing: "code" }],
    [
      "a time that is none",
      { template: "booking-confirmed", arguments: { booking: "b", startTime: "soon", timeZone: "UTC" } },
      "VALIDATION_FAILED",
      { fields: "arguments" },
    ],
    ["an inbox for an address", { channels: [Channel.INBOX] }, "VALIDATION_FAILED", { fields: "channels" }],
  ])("given %s, then it is refused", async (_, more, reason, metadata) => {
    const error: unknown = await delivery()
      .deliver(codeTo("x@people.example", more))
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: Code.InvalidArgument });
    expect(reasonOf(error)).toMatchObject({ reason, metadata });
  });

  test("given somebody who is no service of the platform, then there is nothing to call", async () => {
    const me = await world.as(person("en").account);
    const error: unknown = await world.platform
      .internal(DeliveryService, {})
      .deliver(codeTo("x@people.example"), me)
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: Code.NotFound });
  });

  test("given an erased account, then it is refused", async () => {
    const account = `accounts/${randomUUID()}`;
    world.people.set(account, { displayName: "", email: "", locale: "en", erased: true });
    const request = { ...codeTo(""), recipient: { case: "account" as const, value: account } };
    const error: unknown = await delivery()
      .deliver(request)
      .catch((refusal: unknown) => refusal);
    expect(reasonOf(error)).toMatchObject({ reason: "RECIPIENT_UNKNOWN", metadata: { account } });
  });
});

describe("a mail server", () => {
  test("given it is down, when it comes back, then every message arrives, however often it was tried", async () => {
    await world.server.down();
    const { notification } = await delivery().deliver(codeTo("down@people.example"));
    // More often than a message may be refused: a server that is away is no refusal.
    await inTime(async () => expect((await deliveriesOf(notification))[0]?.attempts).toBeGreaterThan(4));
    await world.server.up();
    await oneMailTo("down@people.example");
    await settled();
    expect(mailsTo("down@people.example")).toHaveLength(1);
  });

  test("given it takes a mail and the answer is lost, then the mail comes again with the same Message-ID", async () => {
    world.server.mood = "hangs up after taking";
    const { notification } = await delivery().deliver(codeTo("again@people.example"));
    await oneMailTo("again@people.example");
    world.server.mood = "takes";
    await settled();
    const mails = mailsTo("again@people.example");
    expect(mails.length).toBeGreaterThanOrEqual(2);
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
    expect(mails[0]?.messageId).toMatch(/^<[0-9a-f-]{36}@dawr\.example>$/);
    expect((await deliveriesOf(notification))[0]?.state).toBe("DELIVERED");
  });

  test("given it refuses for now each time, then the message is parked after the last attempt, told, and replayed", async () => {
    world.server.mood = { refuses: 451 };
    const { notification } = await delivery().deliver(codeTo("busy@people.example"));
    await settled();
    const [parked] = await deliveriesOf(notification);
    expect(parked).toMatchObject({ state: "FAILED", attempts: 3 });
    const { store, host } = world.platform.service("messaging");
    expect(await store.read((tx) => tx.query("select failure, attempts from delivery_dead_letter"))).toEqual([
      { failure: "EMESSAGE 451", attempts: 3 },
    ]);
    world.server.mood = "takes";
    await store.transaction((tx) => host.enqueue(tx, "replay-deliveries", {}));
    await oneMailTo("busy@people.example");
    await settled();
    expect((await deliveriesOf(notification))[0]).toMatchObject({ state: "DELIVERED", message: null });
    expect(await store.read((tx) => tx.query("select 1 from delivery_dead_letter"))).toEqual([]);
  });

  test("given it refuses for good, then it is not asked again", async () => {
    world.server.mood = { refuses: 550 };
    const { notification } = await delivery().deliver(codeTo("nobody@people.example"));
    await settled();
    expect((await deliveriesOf(notification))[0]).toMatchObject({ state: "FAILED", attempts: 1 });
  });
});

describe("personal data", () => {
  test("is in no row while a message waits, in no event and in no line of the log", async () => {
    const secret = { email: "hidden.person@people.example", code: "860421", name: "Nawal Secret" };
    await world.server.down();
    const { account } = person("en", secret.name);
    const request = codeTo(secret.email, { arguments: { code: secret.code, name: secret.name } });
    const { notification } = await delivery().deliver(request);
    await world.bus.publish([confirmed(account)]);
    await eventually(async () => expect((await deliveriesOf(notification))[0]?.attempts).toBeGreaterThan(0));
    expect((await deliveriesOf(notification))[0]?.message).toBeInstanceOf(Uint8Array);
    const rows = await everyRow();
    const address = world.people.get(account)?.email ?? "";
    for (const text of [secret.email, secret.code, secret.name, address]) {
      expect(rows).not.toContain(text);
      expect(rows).not.toContain(Buffer.from(text).toString("hex"));
    }
    await world.server.up();
    await oneMailTo(secret.email);
    await settled();
    const log = world.logged.join("\n");
    for (const text of [secret.email, secret.code, secret.name, address, "nobody@people.example"])
      expect(log).not.toContain(text);
  });
});

/** Everything that stands in messaging's own tables, its jobs and its outbox; bytes as hex. */
async function everyRow(): Promise<string> {
  const { store } = world.platform.service("messaging");
  return await store.read(async (tx) => {
    const tables = await tx.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_schema in ('messaging', 'messaging_jobs') and table_type = 'BASE TABLE'`,
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(["messaging.delivery"]));
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await tx.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push(...rows.map(({ row }) => row));
    }
    return texts.join("\n");
  });
}
