import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { AccountService } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { AuthenticationService, RegisterRequestSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { Channel, NotificationService } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { keyFileReadEveryMs, readKeyFile } from "@dawr/store";
import { eventually, type Platform, testPlatform } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { type Rotation, retireKeys, rotateKeys } from "../src/rotate-keys.ts";
import { encryptedColumns, services } from "../src/services.ts";
import { settingsOf } from "./market-platform.ts";

const id = randomUUID();
const email = "layla@example.com";
const password = "violet-harbour-tram-41";

let platform: Platform;
let owner: pg.Client;

beforeAll(async () => {
  platform = await testPlatform(services, {
    ports: ["GATEWAY_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT", "NO_PORT"],
    // Nobody listens at that port, so that messages stay.
    env: (given) => ({
      ...settingsOf(given),
      GATEWAY_USER_LIMIT: "100000",
      SMTP_URL: `smtp://127.0.0.1:${given.NO_PORT}`,
    }),
  });
  owner = new pg.Client({ connectionString: platform.database.ownerUrl });
  await owner.connect();
  await fillColumns();
}, 120_000);

afterAll(async () => {
  await owner?.end();
  await platform?.stop();
});

describe("what the keys have encrypted", () => {
  test("given every bytea column of the platform, then it is declared as encrypted, or known to hold nothing of that kind", async () => {
    const names = (await columnsOf(["bytea"])).map(({ name }) => name);
    const declared = encryptedColumns.map(({ service, column }) => `${service}.${column.table}.${column.column}`);
    // A new column belongs to `encrypted` of its service's definition, or to `unencrypted` below.
    expect(names.filter((name) => !isUnencrypted(name)).toSorted()).toEqual(declared.toSorted());
  });

  test("given every other column, then none of its values looks encrypted", async () => {
    const others = (await columnsOf(["bytea"])).filter(({ name }) => isUnencrypted(name));
    for (const { name, table, column } of others)
      expect([name, await count(`${table} where substring(${column} from 1 for 4) = '\\x01000000'`)]).toEqual([
        name,
        0,
      ]);
    // The same four bytes in base64: what is encrypted belongs into a column of bytes.
    for (const { name, table, column } of await columnsOf(["text", "json", "jsonb", "ARRAY", "character varying"]))
      expect([name, await count(`${table} where ${column}::text like '%AQAAAA%'`)]).toEqual([name, 0]);
  });
});

describe("given a platform that runs, and people who use it", () => {
  test("when a change of keys is interrupted and run again, then it goes on, and nothing is left under the old key", async () => {
    const stop = new AbortController();
    const whole = Number(await count("identity.account"));
    const interrupted = rotation({
      signal: stop.signal,
      tell: (line) => /account\.\w+: \d+$/.test(line) && stop.abort("ended"),
    });
    await expect(rotateKeys(interrupted)).rejects.toBe("ended");
    expect(await count(`identity.account where ${isUnder("email", 2)}`)).toBe(whole);
    expect(await count(`identity.account where ${isUnder("birth_date", 1)}`)).toBe(whole);
    // It reads what is under either key.
    expect(await ownEmail()).toBe(email);

    const said: string[] = [];
    const using = useOn();
    const [, result] = await Promise.all([
      using.done,
      rotateKeys(rotation({ tell: (line) => said.push(line) })).finally(using.stop),
    ]);
    expect(result).toMatch(/^[\d,]+ values were encrypted anew; none is left under a key older than 2\.$/);
    expect(said[0]).toMatch(/ values are under a key older than 2: going on with that\.$/);
    // Those that somebody has locked come with a later line.
    expect(said).toContainEqual(expect.stringMatching(/^ {2}identity\.account\.birth_date: 4\d\d$/));
    expect(readKeyFile(keyFile()).versions.map(({ version }) => version)).toEqual([1, 2]);
    for (const { service, column } of encryptedColumns) {
      const table = `${service}.${column.table}`;
      expect([table, await count(`${table} where ${isUnder(column.column, 1)}`)]).toEqual([table, 0]);
    }
    expect(await ownEmail()).toBe(email);
    expect((await inbox())[0]?.title).not.toBe("");
  }, 60_000);

  test("when the old key is retired, then it is gone from the file and the platform, which works on", async () => {
    const { keys } = platform.service("identity").host;
    const under1 = keys.encrypt("text", "c").map((byte, index) => (index === 4 ? 1 : byte));
    await age();
    expect(await retireKeys(rotation({}))).toMatch(
      new RegExp(`none is left under a key older than 2\\. Key 1 went out of ${keyFile()}\\.$`),
    );
    expect(readKeyFile(keyFile()).versions.map(({ version }) => version)).toEqual([2]);
    await eventually(
      () => {
        keys.encrypt("text", "c");
        expect(() => keys.decrypt(under1, "c")).toThrow("no key of version 1");
      },
      { timeoutMs: 2 * keyFileReadEveryMs },
    );
    expect(await ownEmail()).toBe(email);
    expect(await retireKeys(rotation({}))).toBe(
      `0 values were encrypted anew; none is left under a key older than 2. There was no older key in ${keyFile()}.`,
    );
  }, 60_000);
});

/** What is kept in bytes without a key of the platform's, and why that is right. */
const unencrypted: readonly RegExp[] = [
  // Keyed hashes, which rows are found by: the key of the hashes stays.
  /^identity\.\w+\.(email_index|code_hash)$/,
  /^identity\.refresh_token\.hash$/,
  /^booking\.hold_attempt\.address_hash$/,
  /^messaging\.(notification|delivery)\.recipient$/,
  // Under people's own keys, which are wrapped anew themselves (ADR 17).
  /^identity\.dependent\.content$/,
  /^booking\.booking(_\w+)?\.(customer_note|address|dependent_details|provider_note|joining_url)$/,
  // What everybody may see.
  /^catalog\.\w+\.content$/,
  /^search\.\w+_copy\.content$/,
  // Events, which hold no personal data (ADR 7); answers, of which only these hold secrets or personal data.
  /^\w+\.(outbox|dead_letter)\.data$/,
  /^\w+\.idempotent_request\.request_hash$/,
  /^(?!(identity|booking)\.)\w+\.idempotent_request\.response$/,
  // Moves that are under way: times, staff, and a reason that the booking's history keeps as well.
  /^booking\.booking_move\.(request|ask)$/,
  // The sandbox is for development.
  /^sandbox\.(idempotent_answer\.fingerprint|message\.source)$/,
];

const isUnencrypted = (name: string): boolean => unencrypted.some((pattern) => pattern.test(name));

async function columnsOf(types: readonly string[]) {
  const { rows } = await owner.query<{ name: string; table: string; column: string }>(
    `select concat_ws('.', table_schema, table_name, column_name) as name,
       format('%I.%I', table_schema, table_name) as table, format('%I', column_name) as column
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where data_type = any ($1) and table_schema = any ($2) and table_type = 'BASE TABLE'`,
    [types, services.flatMap(({ name }) => [name, `${name}_jobs`])],
  );
  return rows;
}

async function count(ofWhat: string): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(`select count(*)::int as count from ${ofWhat}`);
  return rows[0]?.count ?? 0;
}

const isUnder = (column: string, version: number): string =>
  `substring(${column} from 1 for 5) = '\\x01${version.toString(16).padStart(8, "0")}'`;

const keyFile = (): string => platform.env.KEY_FILE ?? "";

function rotation(given: Partial<Rotation>): Rotation {
  return {
    keyFile: keyFile(),
    columns: encryptedColumns.map(({ service, column }) => ({ store: platform.service(service).store, column })),
    mayRun: true,
    signal: new AbortController().signal,
    tell: () => undefined,
    ...given,
  };
}

/** As if some minutes had passed since the newest key was added. */
async function age(): Promise<void> {
  const content = await readFile(keyFile(), "utf8");
  await writeFile(keyFile(), content.replaceAll(/"createTime": "\d+/g, '"createTime": "2020'));
}

/** Somebody logs in and registers again and again, so that values are written all the while. */
function useOn(): { readonly done: Promise<void>; stop(): void } {
  let isOver = false;
  const use = async (): Promise<void> => {
    while (!isOver) {
      await register(`${randomUUID()}@example.com`);
      expect(await ownEmail()).toBe(email);
    }
  };
  return {
    done: use(),
    stop: () => {
      isOver = true;
    },
  };
}

async function register(address: string): Promise<void> {
  await platform.internal(AuthenticationService).register({
    requestId: randomUUID(),
    email: address,
    displayName: "ليلى",
    locale: "ar",
    password,
    birthDate: { year: 1990, month: 5, day: 4 },
  });
}

async function logIn(): Promise<string> {
  const { outcome } = await platform.internal(AuthenticationService).logIn({
    email,
    credential: { case: "password", value: password },
    deviceName: "phone",
    requestId: randomUUID(),
  });
  return outcome.value?.accessToken ?? "";
}

/** The address that an account has, as its owner is told it. */
async function ownEmail(): Promise<string> {
  const accounts = platform.client(AccountService, { token: await logIn() });
  return (await accounts.getAccount({ name: "accounts/me" })).email;
}

async function inbox() {
  const notifications = platform.client(NotificationService, { token: await logIn() });
  return (await notifications.listNotifications({ parent: "accounts/me" })).notifications;
}

/** Puts something into every column that can be filled from outside and stays filled. */
async function fillColumns(): Promise<void> {
  await platform.importResources([
    create(RegisterRequestSchema, {
      requestId: id,
      email,
      displayName: "ليلى",
      locale: "ar",
      password,
      birthDate: { year: 1990, month: 5, day: 4 },
    }),
  ]);
  // More than one batch; the copies are found by nothing.
  await owner.query(
    `insert into identity.account
       select gen_random_uuid(), version, state, email, sha256(convert_to(copy::text, 'UTF8')), password_hash, display_name,
         birth_date, locale, email_verify_time, roles, create_time, update_time
       from identity.account, generate_series(1, 450) copy`,
  );
  await register("omar@example.com");
  await platform.internal(DeliveryService, { workload: "booking" }).deliver({
    recipient: { case: "account", value: `accounts/${id}` },
    template: "account-exists",
    channels: [Channel.INBOX],
    requestId: randomUUID(),
  });
  await eventually(async () => expect(await inbox()).toHaveLength(1), { timeoutMs: 15_000 });
  const filled = ["registration.email", "session.device_name", "signing_key.private_key"];
  for (const name of filled) expect(await count(`identity.${name.split(".")[0]}`)).toBeGreaterThan(0);
  await eventually(async () => expect(await count("messaging.delivery where message is not null")).toBe(1));
}
