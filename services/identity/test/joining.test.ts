import { randomUUID } from "node:crypto";
import { CodePurpose } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import {
  accountIdOf,
  as,
  newEmail,
  password,
  refusal,
  registrationOf,
  startIdentity,
  type TestIdentity,
} from "./start-identity.ts";

let world: TestIdentity;
beforeAll(async () => {
  world = await startIdentity();
});
afterAll(() => world.stop());

/** Reads everything, also what the service's own role may not. */
async function asOwner<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: world.platform.database.adminUrl });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

const requestId = () => randomUUID() as string;
const wrongFor = (code: string) => (code === "000000" ? "000001" : "000000");
const mailsTo = (email: string) => world.mails.filter(({ recipient }) => recipient.value === email);
const verify = (email: string, registration: string, code: string) =>
  world.authentication.verifyContact({ email, registration, code, requestId: requestId() });

describe("registering (ID-01)", () => {
  test("given a code from the mail, then the account is made, and announced without personal data", async () => {
    const email = newEmail();
    const { registration, codeExpireTime } = await world.authentication.register(registrationOf(email));
    expect(Number(codeExpireTime?.seconds)).toBe(world.clock.now().add({ minutes: 10 }).epochMilliseconds / 1000);
    expect(await refusal(world.enter(email))).toBe("CONTACT_NOT_VERIFIED");
    const code = await world.codeTo(email);
    expect(mailsTo(email)).toMatchObject([{ template: "verification-code", locale: "ar" }]);
    await verify(email, registration, code);
    expect(await refusal(verify(email, registration, code))).toBe("CODE_INVALID");
    const tokens = await world.enter(email);
    const account = await world.accounts.getAccount({ name: "accounts/me" }, as(tokens));
    expect(account).toMatchObject({ email, displayName: "Rana Haddad", locale: "ar", name: tokens.account });
  });

  test("given the same request again within a minute, then one registration and one mail", async () => {
    const email = newEmail();
    const request = registrationOf(email);
    const answers = await Promise.all([1, 2, 3].map(() => world.authentication.register(request)));
    expect(new Set(answers.map(({ registration }) => registration)).size).toBe(1);
    await world.codeTo(email);
    expect(mailsTo(email).length).toBe(1);
    const other = { ...request, password: `${password}!` };
    expect(await refusal(world.authentication.register(other))).toBe("REQUEST_ID_REUSED");
  });

  test("given an address that has an account, then the answer is alike and its owner is told", async () => {
    const taken = await world.join();
    const free = newEmail();
    const [ofTaken, ofFree] = [
      await world.authentication.register(registrationOf(taken)),
      await world.authentication.register(registrationOf(free)),
    ];
    expect(ofTaken.codeExpireTime).toEqual(ofFree.codeExpireTime);
    expect(ofTaken.registration).toMatch(/^registrations\//);
    await eventually(() => expect(mailsTo(taken).map(({ template }) => template)).toContain("account-exists"));
    expect(mailsTo(taken).length).toBe(2);
    // What a stranger could try next tells nothing either.
    for (const [email, { registration }] of [
      [taken, ofTaken],
      [free, ofFree],
    ] as const) {
      expect(await refusal(verify(email, registration, "123456"))).toBe("CODE_INVALID");
      expect(await refusal(world.enter(email, "some-other-word-77"))).toBe("CREDENTIALS_INVALID");
    }
  });

  test("given a stranger's password for an address, whether or not it has an account, then logging in with it says the same", async () => {
    const word = "stranger-danger-word-5";
    const taken = await world.join();
    const free = newEmail();
    for (const email of [taken, free]) {
      await world.authentication.register({ ...registrationOf(email), password: word });
      expect(await refusal(world.enter(email, word))).toBe("CONTACT_NOT_VERIFIED");
    }
  });

  test("given a stranger who registers somebody's address, then no code of the owner's confirms the stranger's password", async () => {
    const email = newEmail();
    const word = "stranger-danger-word-5";
    const own = await world.authentication.register(registrationOf(email));
    const ownCode = await world.codeTo(email, 1);
    const strangers = await world.authentication.register({ ...registrationOf(email), password: word });
    const strangersCode = await world.codeTo(email, 2);
    // The owner types the code of the later mail; and the stranger guesses that of the owner's.
    if (ownCode !== strangersCode) {
      expect(await refusal(verify(email, own.registration, strangersCode))).toBe("CODE_INVALID");
      expect(await refusal(verify(email, strangers.registration, ownCode))).toBe("CODE_INVALID");
    }
    // Another code for the owner is another code of the owner's registration.
    await world.authentication.sendCode({
      email,
      purpose: CodePurpose.VERIFY_CONTACT,
      registration: own.registration,
      requestId: requestId(),
    });
    await verify(email, own.registration, await world.codeTo(email, 3));
    expect((await world.enter(email)).account).not.toBe("");
    expect(await refusal(verify(email, strangers.registration, strangersCode))).toBe("CODE_INVALID");
    expect(await refusal(world.enter(email, word))).toBe("CREDENTIALS_INVALID");
  });

  test("given four wrong codes, then the right one is taken; given five, it is not", async () => {
    for (const [wrongTries, isTaken] of [
      [4, true],
      [5, false],
    ] as const) {
      const email = newEmail();
      const { registration } = await world.authentication.register(registrationOf(email));
      const code = await world.codeTo(email);
      for (let tried = 0; tried < wrongTries; tried++)
        expect(await refusal(verify(email, registration, wrongFor(code)))).toBe("CODE_INVALID");
      if (isTaken) await verify(email, registration, code);
      else expect(await refusal(verify(email, registration, code))).toBe("CODE_INVALID");
    }
  });

  test("given a code at its end, then it is over; a moment before it is good", async () => {
    const [early, late] = [newEmail(), newEmail()];
    const first = await world.authentication.register(registrationOf(early));
    const second = await world.authentication.register(registrationOf(late));
    const [earlyCode, lateCode] = [await world.codeTo(early), await world.codeTo(late)];
    world.clock.advance("PT9M59S");
    await verify(early, first.registration, earlyCode);
    world.clock.advance("PT1S");
    expect(await refusal(verify(late, second.registration, lateCode))).toBe("CODE_INVALID");
  });

  test("given eleven wishes for codes within an hour, then ten mails are sent and all answers are alike", async () => {
    const email = newEmail();
    for (let count = 0; count < 11; count++) await world.authentication.register(registrationOf(email));
    await world.codeTo(email, 10);
    world.clock.advance("PT1H");
    await world.authentication.register(registrationOf(email));
    await world.codeTo(email, 11);
    expect(mailsTo(email).length).toBe(11);
  });

  test("given two registrations confirmed at once, then one becomes the account", async () => {
    const email = newEmail();
    const first = await world.authentication.register(registrationOf(email));
    const firstCode = await world.codeTo(email, 1);
    const second = await world.authentication.register({ ...registrationOf(email), password: "another-long-word-82" });
    const secondCode = await world.codeTo(email, 2);
    const outcomes = await Promise.allSettled([
      verify(email, first.registration, firstCode),
      verify(email, second.registration, secondCode),
    ]);
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
    const lost = outcomes.find((outcome) => outcome.status === "rejected");
    expect(await refusal(Promise.reject(lost?.reason))).toBe("CODE_INVALID");
    const winner = outcomes[0]?.status === "fulfilled" ? password : "another-long-word-82";
    await world.enter(email, winner);
  });
});

describe("who may register (ID-01, ID-09)", () => {
  test.each([
    [{ year: 2008, month: 3, day: 1 }, undefined],
    [{ year: 2008, month: 3, day: 3 }, "TOO_YOUNG"],
  ])("given a birthday on %j, then the answer is %s", async (birthDate, reason) => {
    // The clock stands at 1 March 2026, and other tests move it by less than a day.
    const call = world.authentication.register({ ...registrationOf(newEmail()), birthDate });
    if (reason === undefined) await call;
    else expect(await refusal(call)).toBe(reason);
  });

  test.each([
    ["password123", "PASSWORD_LEAKED"],
    ["aaaaaaaaaaa", "PASSWORD_WEAK"],
    ["rana haddad", "PASSWORD_WEAK"],
    ["PASSWORD123", "PASSWORD_LEAKED"],
  ])("given the password %s, then it is refused: %s", async (word, reason) => {
    const request = { ...registrationOf(newEmail()), password: word };
    expect(await refusal(world.authentication.register(request))).toBe(reason);
  });
});

describe("personal data (ID-12)", () => {
  test("given that messaging is away, when somebody registers, then the mail waits encrypted, and is forgotten once it is taken", async () => {
    const email = newEmail();
    await eventually(async () => expect(await world.query("select from pending_mail")).toEqual([]));
    world.messaging.isAway = true;
    await world.authentication.register(registrationOf(email));
    const [row] = await world.query<{ content: Uint8Array }>("select content from pending_mail");
    const { keys } = world.platform.service("identity").host;
    expect(
      JSON.parse(Buffer.from(keys.decrypt(row?.content ?? Buffer.of(), "identity.mail")).toString()),
    ).toMatchObject({
      email,
      template: "verification-code",
    });
    world.messaging.isAway = false;
    await eventually(async () => expect(await world.query("select from pending_mail")).toEqual([]), {
      timeoutMs: 15_000,
    });
    await world.codeTo(email);
  });

  test("given an account, then what is personal stands encrypted in every table, and in no event and no log line", async () => {
    const email = await world.join();
    const tokens = await world.enter(email);
    const open = newEmail();
    await world.authentication.register(registrationOf(open));
    const code = await world.codeTo(open);
    const tables = await asOwner<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('identity', 'identity_jobs')",
    );
    const secrets = [email, open, "Rana Haddad", "1994-03-12", password, tokens.refreshToken, code].flatMap((text) => [
      text,
      Buffer.from(text).toString("hex"),
      Buffer.from(text).toString("base64").replace(/=+$/, ""),
    ]);
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      const rows = await asOwner<{ row: string }>(`select r::text as row from ${name} r`);
      const text = rows.map(({ row }) => row).join("\n");
      for (const secret of secrets) expect([name, text.includes(secret)]).toEqual([name, false]);
    }
    for (const secret of secrets) expect(world.log()).not.toContain(secret);
    const { accountId } = await accountIdOf(world.platform, email);
    const [row] = await world.query<{ email: Uint8Array; display_name: Uint8Array; birth_date: Uint8Array }>(
      "select email, display_name, birth_date from account where id = $1",
      [accountId],
    );
    const { keys } = world.platform.service("identity").host;
    expect(Buffer.from(keys.decrypt(row?.email ?? new Uint8Array(), "identity.email")).toString()).toBe(email);
    expect(() => keys.decrypt(row?.email ?? new Uint8Array(), "identity.display-name")).toThrow();
  });
});
