import { randomUUID } from "node:crypto";
import { CodePurpose, type Tokens } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  accountIdOf,
  as,
  newEmail,
  password,
  refusal,
  startIdentity,
  type TestIdentity,
  tokensOf,
} from "./start-identity.ts";

let world: TestIdentity;
beforeAll(async () => {
  world = await startIdentity();
});
afterAll(() => world.stop());

const requestId = () => randomUUID() as string;
const refresh = (refreshToken: string, id = requestId()) =>
  world.authentication.refreshTokens({ refreshToken, requestId: id });
const me = (tokens: Tokens) => world.accounts.getAccount({ name: "accounts/me" }, as(tokens));
const byPassword = (email: string, value: string) =>
  world.authentication.logIn({ email, credential: { case: "password", value }, requestId: requestId() });
const byCode = (email: string, value: string) =>
  world.authentication.logIn({ email, credential: { case: "code", value }, requestId: requestId() });
const askCode = (email: string) =>
  world.authentication.sendCode({ email, purpose: CodePurpose.LOG_IN, requestId: requestId() });

describe("refreshing (ID-04)", () => {
  test("given a refresh token, then it is good for one use and its successor for the next", async () => {
    const first = await world.enter(await world.join());
    const second = await refresh(first.refreshToken);
    expect(second.session).toBe(first.session);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const third = await refresh(second.refreshToken);
    await me(third);
  });

  test("given a token that is used again, then its session is over, with the tokens that came of it", async () => {
    const first = await world.enter(await world.join());
    const second = await refresh(first.refreshToken);
    await me(second);
    expect(await refusal(refresh(first.refreshToken))).toBe("REFRESH_TOKEN_INVALID");
    expect(await refusal(refresh(second.refreshToken))).toBe("REFRESH_TOKEN_INVALID");
    await eventually(async () => expect(await refusal(me(second))).toBe("TOKEN_INVALID"), { timeoutMs: 1_000 });
  });

  test("given the same request, then within 60 seconds it has the same answer, and afterwards ends the session", async () => {
    const first = await world.enter(await world.join());
    const id = requestId();
    const second = await refresh(first.refreshToken, id);
    world.clock.advance("PT59S");
    expect(await refresh(first.refreshToken, id)).toEqual(second);
    world.clock.advance("PT2S");
    expect(await refusal(refresh(first.refreshToken, id))).toBe("REFRESH_TOKEN_INVALID");
    expect(await refusal(refresh(second.refreshToken))).toBe("REFRESH_TOKEN_INVALID");
  });

  test("given 64 refreshes of one request at once, then all get the one answer and the session lives", async () => {
    const first = await world.enter(await world.join());
    const id = requestId();
    const answers = await Promise.all(Array.from({ length: 64 }, () => refresh(first.refreshToken, id)));
    expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    const [answer] = answers;
    if (answer === undefined) throw new Error("no answer");
    await refresh(answer.refreshToken);
    expect(await liveTokens(first.session)).toBe(1n);
  });

  test("given 64 different requests with one token at once, then one is answered, and the session is over", async () => {
    const first = await world.enter(await world.join());
    const other = await world.enter(await world.join());
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, () => refresh(first.refreshToken)));
    const answered = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(answered.length).toBe(1);
    expect(new Set(await Promise.all(refused.map((error) => refusal(Promise.reject(error)))))).toEqual(
      new Set(["REFRESH_TOKEN_INVALID"]),
    );
    expect(await refusal(refresh(answered[0]?.refreshToken ?? ""))).toBe("REFRESH_TOKEN_INVALID");
    await refresh(other.refreshToken);
  });

  test("given 30 days without a refresh, then the token is over; a moment before it is good", async () => {
    const email = await world.join();
    const [early, late] = [await world.enter(email), await world.enter(email)];
    world.clock.advance("PT719H59M59S");
    await refresh(early.refreshToken);
    world.clock.advance("PT1S");
    expect(await refusal(refresh(late.refreshToken))).toBe("REFRESH_TOKEN_INVALID");
  });

  async function liveTokens(session: string): Promise<bigint | undefined> {
    const [row] = await world.query<{ live: bigint }>(
      "select count(*) as live from refresh_token where session_id = $1 and use_time is null",
      [session.split("/")[3]],
    );
    return row?.live;
  }
});

describe("access tokens (ID-04)", () => {
  test("given 15 minutes, then a token has expired; a second before it is good", async () => {
    const tokens = await world.enter(await world.join());
    world.clock.advance("PT14M59S");
    await me(tokens);
    world.clock.advance("PT1S");
    expect(await refusal(me(tokens))).toBe("TOKEN_EXPIRED");
  });

  test("given a log-out, then its tokens are refused within a second, and other sessions live", async () => {
    const email = await world.join();
    const [gone, staying] = [await world.enter(email), await world.enter(email)];
    await me(gone);
    await world.authentication.logOut({ refreshToken: gone.refreshToken, requestId: requestId() });
    await eventually(async () => expect(await refusal(me(gone))).toBe("TOKEN_INVALID"), { timeoutMs: 1_000 });
    expect(await refusal(refresh(gone.refreshToken))).toBe("REFRESH_TOKEN_INVALID");
    await me(staying);
    await world.authentication.logOut({ refreshToken: "nobody's", requestId: requestId() });
  });

  test("given sessions on devices, then they are listed in pages and one is revoked from the other", async () => {
    const email = await world.join();
    const sessions: Tokens[] = [];
    for (let count = 0; count < 3; count++) {
      world.clock.advance("PT1S");
      sessions.push(await world.enter(email));
    }
    const [first, second, third] = sessions;
    if (first === undefined || second === undefined || third === undefined) throw new Error("no sessions");
    const options = as(third);
    const page = await world.accounts.listSessions({ parent: "accounts/me", pageSize: 2 }, options);
    expect(page.sessions.map(({ name, current }) => [name, current])).toEqual([
      [third.session, true],
      [second.session, false],
    ]);
    expect(page.sessions[0]?.deviceName).toBe("phone");
    const { nextPageToken: pageToken } = page;
    const rest = await world.accounts.listSessions({ parent: "accounts/me", pageSize: 2, pageToken }, options);
    expect(rest.sessions.map(({ name }) => name)).toEqual([first.session]);
    expect(rest.nextPageToken).toBe("");
    await me(first);
    const revoked = await world.accounts.revokeSession({ name: first.session, requestId: requestId() }, options);
    expect(revoked.revokeTime).toBeDefined();
    await eventually(async () => expect(await refusal(me(first))).toBe("TOKEN_INVALID"), { timeoutMs: 1_000 });
    await me(third);
    const stranger = await world.enter(await world.join());
    expect(
      await refusal(world.accounts.revokeSession({ name: second.session, requestId: requestId() }, as(stranger))),
    ).toBe("NOT_FOUND");
    expect(await refusal(world.accounts.listSessions({ parent: "accounts/me", pageToken }, as(stranger)))).toBe(
      "PAGE_TOKEN_INVALID",
    );
    const known = await world.platform
      .internal((await import("@dawr/gen/dawr/identity/v1/key_pb.js")).KeyService, { workload: "gateway" })
      .listRevokedSessions({});
    expect(known.sessions.map(({ session }) => session)).toContain(first.session);
  });

  test("given a session that another process ended and did not live to tell, then it is refused seconds later", async () => {
    const tokens = await world.enter(await world.join());
    await me(tokens);
    const { store } = world.platform.service("identity");
    await store.query("update session set revoke_time = clock_now() where id = $1", [tokens.session.split("/").at(-1)]);
    await eventually(async () => expect(await refusal(me(tokens))).toBe("TOKEN_INVALID"), { timeoutMs: 9_000 });
  }, 15_000);
});

describe("logging in by code (ID-02)", () => {
  test("given a code from the mail, then it is good once, and a newer one ends it", async () => {
    const email = await world.join();
    await askCode(email);
    const first = await world.codeTo(email, 2);
    await askCode(email);
    const second = await world.codeTo(email, 3);
    if (first !== second) expect(await refusal(byCode(email, first))).toBe("CREDENTIALS_INVALID");
    await me(tokensOf(await byCode(email, second)));
    expect(await refusal(byCode(email, second))).toBe("CREDENTIALS_INVALID");
  });

  test("given an address without an account, then the answer is alike and nothing is sent", async () => {
    const [known, unknown] = [await world.join(), newEmail()];
    expect(await askCode(unknown)).toEqual(await askCode(known));
    await world.codeTo(known, 2);
    expect(world.mails.filter(({ recipient }) => recipient.value === unknown)).toEqual([]);
  });

  test("given one request sent several times at once, then all get the same session", async () => {
    const email = await world.join();
    await askCode(email);
    const value = await world.codeTo(email, 2);
    const request = { email, credential: { case: "code", value } as const, requestId: requestId() };
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.authentication.logIn(request)));
    expect(new Set(answers.map((answer) => tokensOf(answer).session)).size).toBe(1);
  });
});

describe("failed log-ins (ID-05)", () => {
  test.each(["known", "unknown"])(
    "given an %s address, then the fifth failure locks it, each further one for longer",
    async (kind) => {
      const email = kind === "known" ? await world.join() : newEmail();
      for (let count = 1; count <= 5; count++)
        expect(await refusal(byPassword(email, "wrong"))).toBe("CREDENTIALS_INVALID");
      expect(await refusal(byPassword(email, password))).toBe("ACCOUNT_LOCKED");
      expect(await refusal(byCode(email, "123456"))).toBe("ACCOUNT_LOCKED");
      world.clock.advance("PT59S");
      expect(await refusal(byPassword(email, "wrong"))).toBe("ACCOUNT_LOCKED");
      world.clock.advance("PT1S");
      expect(await refusal(byPassword(email, "wrong"))).toBe("CREDENTIALS_INVALID");
      world.clock.advance("PT1M59S");
      expect(await refusal(byPassword(email, password))).toBe("ACCOUNT_LOCKED");
      world.clock.advance("PT1S");
      if (kind === "unknown") expect(await refusal(byPassword(email, password))).toBe("CREDENTIALS_INVALID");
      else {
        tokensOf(await byPassword(email, password));
        // A log-in that went well begins the count anew.
        for (let count = 1; count <= 4; count++) await refusal(byPassword(email, "wrong"));
        tokensOf(await byPassword(email, password));
      }
    },
  );

  test("given 40 guesses at once, the right one last, then at most five are told apart from the lock", async () => {
    const email = await world.join();
    const guesses = Array.from({ length: 40 }, (_, index) =>
      byPassword(email, index === 39 ? password : `wrong-${index}`),
    );
    const outcomes = await Promise.allSettled(guesses);
    const reasons = await Promise.all(
      outcomes.map((o) => (o.status === "fulfilled" ? "logged in" : refusal(Promise.reject(o.reason)))),
    );
    expect(reasons.filter((reason) => reason === "CREDENTIALS_INVALID").length).toBeLessThanOrEqual(5);
    expect(new Set(reasons)).toEqual(new Set(["CREDENTIALS_INVALID", "ACCOUNT_LOCKED"]));
  });

  test("given four wrong log-in codes, then the right one is taken; given five, it is not", async () => {
    for (const [wrongTries, isTaken] of [
      [4, true],
      [5, false],
    ] as const) {
      const email = await world.join();
      await askCode(email);
      const code = await world.codeTo(email, 2);
      for (let tried = 0; tried < wrongTries; tried++)
        expect(await refusal(byCode(email, code === "000000" ? "000001" : "000000"))).toBe("CREDENTIALS_INVALID");
      world.clock.advance("PT1M");
      if (isTaken) tokensOf(await byCode(email, code));
      else expect(await refusal(byCode(email, code))).toBe("CREDENTIALS_INVALID");
    }
  });
});

describe("suspended accounts (ID-07)", () => {
  test("given a suspension, then sessions end, nobody logs in, and only who knows the password is told why", async () => {
    const [operatorEmail, email] = [await world.join(), await world.join()];
    await world.setRoles(operatorEmail, ["customer", "support"]);
    const operator = await world.enter(operatorEmail);
    const tokens = await world.enter(email);
    await me(tokens);
    const { accountId } = await accountIdOf(world.platform, email);
    const suspended = await world.access.suspendAccount(
      { name: `accounts/${accountId}`, reason: "spam", requestId: requestId() },
      as(operator),
    );
    expect(suspended.roles.length).toBe(1);
    await eventually(async () => expect(await refusal(me(tokens))).toBe("TOKEN_INVALID"), { timeoutMs: 1_000 });
    expect(await refusal(refresh(tokens.refreshToken))).toBe("REFRESH_TOKEN_INVALID");
    expect(await refusal(byPassword(email, password))).toBe("ACCOUNT_SUSPENDED");
    expect(await refusal(byPassword(email, "wrong"))).toBe("CREDENTIALS_INVALID");
    await askCode(email);
    const other = await world.enter(await world.join());
    expect(
      await refusal(
        world.access.suspendAccount({ name: `accounts/${accountId}`, reason: "x", requestId: requestId() }, as(other)),
      ),
    ).toBe("NOT_FOUND");
    expect(
      world.mails.filter(({ template, recipient }) => template === "log-in-code" && recipient.value === email),
    ).toEqual([]);
  });
});
