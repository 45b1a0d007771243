import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createTransport, type SendMailOptions } from "nodemailer";
import { insertMessage } from "../src/store/messages.ts";
import { type ApiBody, startSandbox, type TestSandbox } from "./start-sandbox.ts";

let box: TestSandbox;

beforeAll(async () => {
  box = await startSandbox({ SANDBOX_MAIL_LIMIT: "100000" });
});

afterAll(async () => {
  await box?.stop();
});

beforeEach(async () => {
  await fetch(`${box.url}/mailbox/api/messages`, { method: "DELETE" });
});

async function send(mail: SendMailOptions): Promise<void> {
  const transport = createTransport({ host: "127.0.0.1", port: box.smtpPort, secure: false, ignoreTLS: true });
  try {
    await transport.sendMail({ from: "Dawr <no-reply@dawr.example>", ...mail });
  } finally {
    transport.close();
  }
}

function mailTo(recipient: string): Parameters<typeof insertMessage>[1] {
  return {
    ...{ id: randomUUID(), sender: "a@example.com", recipients: [recipient], subject: "x", text: "x", html: undefined },
    ...{ attachments: [], sizeBytes: 1, source: Buffer.from("x"), receiveTime: Temporal.Now.instant() },
  };
}

async function messages(query: string): Promise<ApiBody[]> {
  const response = await fetch(`${box.url}/mailbox/api/messages?${query}`);
  const body: ApiBody = await response.json();
  return body.messages;
}

describe("mail", () => {
  test("given a mail in Arabic with HTML and an attachment, when it was taken, then it is there whole", async () => {
    await send({
      to: "Rania@Example.com",
      cc: "b@example.com",
      subject: "تأكيد الحجز",
      text: "رمزك هو 123456",
      html: "<p dir=rtl>رمزك هو <b>123456</b></p>",
      attachments: [{ filename: "booking.ics", content: "BEGIN:VCALENDAR", contentType: "text/calendar" }],
    });
    const found = await messages("to=rania@example.com");
    expect(found).toMatchObject([
      {
        from: "no-reply@dawr.example",
        to: ["rania@example.com", "b@example.com"],
        subject: "تأكيد الحجز",
        text: expect.stringContaining("رمزك هو 123456"),
        html: expect.stringContaining("<b>123456</b>"),
        attachments: [{ name: "booking.ics", type: "text/calendar" }],
      },
    ]);
    expect(await messages("to=other@example.com")).toEqual([]);
  });

  test("given several mails, when read after a number, then only later ones come, the oldest first", async () => {
    for (const subject of ["1", "2", "3"]) await send({ to: "a@example.com", subject, text: "x" });
    const [third, second, first] = await messages("to=a@example.com");
    expect([first.subject, second.subject, third.subject]).toEqual(["1", "2", "3"]);
    const later = await messages(`to=a@example.com&after=${first.number}`);
    expect(later.map(({ subject }) => subject)).toEqual(["2", "3"]);
    expect(await messages(`to=a@example.com&after=${third.number}`)).toEqual([]);
  });

  test("given somebody who waits, when mail comes, then they have it at once; when none comes, they have nothing", async () => {
    const waiting = messages("to=w@example.com&after=0&wait=20");
    await send({ to: "else@example.com", subject: "not for w", text: "x" });
    await send({ to: "w@example.com", subject: "for w", text: "x" });
    const before = performance.now();
    expect((await waiting).map(({ subject }) => subject)).toEqual(["for w"]);
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(await messages("to=nobody@example.com&after=0&wait=0.2")).toEqual([]);
  });

  test("given 40 senders at once, when somebody reads after the last number they know, then they miss none", async () => {
    const read: ApiBody[] = [];
    const follow = async () => {
      while (read.length < 40) {
        const found = await messages(`to=many@example.com&after=${read.at(-1)?.number ?? 0}&wait=5&limit=200`);
        if (found.length === 0) return;
        read.push(...found);
      }
    };
    const senders = Array.from({ length: 40 }, (_, index) =>
      send({ to: "many@example.com", subject: `${index}`, text: "x" }),
    );
    await Promise.all([follow(), ...senders]);
    expect(new Set(read.map(({ subject }) => subject)).size).toBe(40);
    const numbers = read.map(({ number }) => Number(number));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  test("given a mail that is not committed yet, when another comes, then it gets its number only after the first", async () => {
    const { store } = box.running.service("sandbox");
    const stored = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const first = store.transaction(async (tx) => {
      insertMessage(tx, mailTo("first@example.com"));
      await tx.query("select");
      stored.resolve();
      await go.promise;
    });
    await stored.promise;
    const lastNumber = () => store.query("select last_value from message_number_seq");
    const given = await lastNumber();
    const second = store.transaction((tx) => insertMessage(tx, mailTo("second@example.com")));
    const waiting = `select from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`;
    await eventually(async () => expect(await store.query(waiting)).toHaveLength(1));
    expect(await lastNumber()).toEqual(given);
    go.resolve();
    await Promise.all([first, second]);
    expect((await messages("after=0")).map(({ to }) => to)).toEqual([["first@example.com"], ["second@example.com"]]);
  });

  test("given a mail that is too large, when it is sent, then it is refused and not there", async () => {
    await expect(send({ to: "a@example.com", subject: "large", text: "x".repeat(200_000) })).rejects.toThrow(/5\d\d/);
    expect(await messages("")).toEqual([]);
  });

  test("given a mail, when it is deleted, then it is gone; again it is not found", async () => {
    await send({ to: "a@example.com", subject: "x", text: "x" });
    const [found] = await messages("");
    const path = `${box.url}/mailbox/api/messages/${found.id}`;
    expect((await fetch(path)).status).toBe(200);
    expect((await fetch(path, { method: "DELETE" })).status).toBe(200);
    expect((await fetch(path, { method: "DELETE" })).status).toBe(404);
    expect(await messages("")).toEqual([]);
  });

  test("given bytes that are no mail, when they are sent over SMTP, then they are kept and nothing breaks", async () => {
    const socket = connect(box.smtpPort, "127.0.0.1");
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const answers = () => said.match(/^\d{3} .*$/gm) ?? [];
    await eventually(() => expect(answers()).toHaveLength(1));
    const lines = ["HELO x", "MAIL FROM:<>", "RCPT TO:<odd@example.com>", "DATA", "\u0000\u0001 no header at all\r\n."];
    for (const [index, line] of lines.entries()) {
      socket.write(`${line}\r\n`);
      await eventually(() => expect(answers()).toHaveLength(index + 2));
    }
    socket.destroy();
    expect(answers().at(-1)).toMatch(/^250/);
    expect(await messages("to=odd@example.com")).toHaveLength(1);
  });
});

describe("the mailbox's pages", () => {
  test("given hostile mail, when its page is read, then its HTML is in a frame that can do nothing", async () => {
    const html = `<script>alert(1)</script><img src="https://evil.example/x.png"><p>hello</p>`;
    await send({
      to: "a@example.com",
      subject: `<img src=x onerror=alert(1)>`,
      text: "</pre><script>1</script>",
      html,
    });
    const [found] = await messages("");
    const list = await (await fetch(`${box.url}/mailbox?to=a@example.com`)).text();
    expect(list).toContain("&#60;img src=x onerror=alert(1)&#62;");
    const page = await fetch(`${box.url}/mailbox/messages/${found.id}`);
    const text = await page.text();
    expect(text).toContain('<iframe sandbox=""');
    expect(text).not.toContain("<script");
    expect(page.headers.get("content-security-policy")).toContain("frame-src 'self'");
    const frame = await fetch(`${box.url}/mailbox/messages/${found.id}/html`);
    expect(await frame.text()).toContain("<p>hello</p>");
    const policy = frame.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^sandbox; default-src 'none'/);
    expect(policy).toContain("img-src data:");
    const source = await fetch(`${box.url}/mailbox/messages/${found.id}/source`);
    expect(source.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("given a page elsewhere that points its own name here, when it asks for mail, then it gets none", async () => {
    const { hostname, port } = new URL(box.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      let text = "";
      socket.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      socket.on("end", () => resolve(text)).on("error", reject);
      socket.write("GET /mailbox/api/messages HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    });
    expect(answer).toMatch(/^HTTP\/1.1 404/);
  });
});
