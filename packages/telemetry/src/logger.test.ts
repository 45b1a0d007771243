import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createLogger, personalDataKeys, redactText } from "./index.ts";

const person = {
  email: "layla.haddad@example.com",
  phone: "+962 79 123 4567",
  local: "0791234567",
  displayName: "Layla Haddad",
  healthNotes: "allergic to latex",
  password: "correct horse battery",
  token: "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhY2NvdW50cy8xIn0.c2lnbmF0dXJl",
};

describe("createLogger", () => {
  test("given a line with ids and numbers, when it is logged, then it is JSON with service, level and time", () => {
    const { log, lines } = logged();
    log.info(
      { booking: "providers/1/bookings/2", amountMinor: 12_500n, at: Temporal.Instant.from("2026-01-01T00:00Z") },
      "held",
    );
    expect(lines()).toEqual([
      {
        level: "info",
        time: expect.any(String),
        service: "booking",
        booking: "providers/1/bookings/2",
        amountMinor: "12500",
        at: "2026-01-01T00:00:00Z",
        msg: "held",
      },
    ]);
  });

  test("given personal data under keys at any depth, when it is logged, then none of it is written", () => {
    const { log, text } = logged();
    log.info(
      { ...person, list: [{ deep: { customer: person } }], headers: { Authorization: "Bearer abcdefghij" } },
      "x",
    );
    log.child({ guestName: "Layla Haddad", guest_phone: person.phone }).warn({ code: "482913" }, "code");
    for (const value of [...Object.values(person), "abcdefghij", "482913"]) expect(text()).not.toContain(value);
  });

  test("given personal data in messages and errors, when it is logged, then none of it is written", () => {
    const { log, text } = logged();
    const driver = Object.assign(new Error(`invalid input syntax for type uuid: "Layla Haddad"`), {
      code: "22P02",
      detail: "Key (display_name)=(Layla Haddad) already exists.",
      parameters: ["Layla Haddad"],
    });
    log.error(new Error(`no mailbox ${person.email}`, { cause: driver }));
    log.error({ err: driver }, `call ${person.phone} or ${person.local}\nthen ${person.email} with ${person.token}`);
    log.warn("connecting to postgres://dawr:hunter2@db.internal:5432/dawr with Bearer abc.def.ghi");
    for (const value of [...Object.values(person), "hunter2", "abc.def.ghi"]) expect(text()).not.toContain(value);
    expect(text()).toContain("db.internal:5432/dawr");
    expect(text()).toContain("22P02");
  });

  test("given error codes and resource names, when they are logged, then they stay", () => {
    const { log, text } = logged();
    log.error({ code: 13, name: "providers/0193e0a4-1111-7000-8000-012345678901", sqlState: "23505" }, "failed");
    expect(text()).toContain("providers/0193e0a4-1111-7000-8000-012345678901");
    expect(text()).toContain('"code":13');
  });

  test("given any record at all, when it is logged, then the line is JSON and no key of the list shows its value", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...personalDataKeys),
        fc.uuid(),
        fc.object({ maxDepth: 3, withBigInt: true, withMap: true, withSet: true, withDate: true }),
        fc.string(),
        (key, value, record, message) => {
          const { log, text, lines } = logged();
          log.info({ record: { ...record, deep: { [key]: value } } }, `${message}\n${person.email}\t${person.phone}`);
          expect(lines()).toHaveLength(1);
          expect(text()).not.toContain(value);
          expect(text()).not.toContain(person.email);
          expect(text()).not.toContain(person.phone);
        },
      ),
    );
  });
});

describe("standard output", () => {
  test("given a process that logs and exits at once, then every line is there, in order", async () => {
    const source = `
      import { createLogger } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
      import { pbkdf2 } from "node:crypto";
      const log = createLogger({ service: "booking", level: "info" });
      // Every thread that could write behind our back is busy.
      for (let thread = 0; thread < 8; thread++) pbkdf2("a", "b", 300_000, 64, "sha512", () => {});
      for (let line = 0; line < 50; line++) log.info(String(line));
      process.exit(0);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source]);
    const messages = stdout.split("\n").flatMap((line) => (line === "" ? [] : JSON.parse(line).msg));
    expect(messages).toEqual(Array.from({ length: 50 }, (_, line) => String(line)));
  });
});

describe("redactText", () => {
  const harmless = [
    "2026-11-21T08:00:00.000Z",
    "providers/0193e0a4-1111-7000-8000-012345678901/bookings/1",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "listening on http://127.0.0.1:8080",
    "1 + 1",
  ];
  test.each(harmless)("given %s, when it is redacted, then it stays", (text) => {
    expect(redactText(text)).toBe(text);
  });
});

function logged() {
  const written: string[] = [];
  const log = createLogger({
    service: "booking",
    level: "debug",
    destination: { write: (line) => written.push(line) },
  });
  return { log, text: () => written.join(""), lines: () => written.map((line) => JSON.parse(line)) };
}
