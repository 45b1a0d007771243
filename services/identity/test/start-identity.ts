import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { type Client, ConnectError } from "@connectrpc/connect";
import { AccessService } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { AccountService } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { AuthenticationService, type Tokens } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { DependentService } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { type DeliverRequest, DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { defineErrors, implement, reasonOf } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { eventually, type Platform, testClock, testPlatform } from "@dawr/testkit";
import { identity } from "../src/service.ts";

/** Identity on a real database, with a messaging service that keeps what it is given to send. */
export type TestIdentity = {
  readonly platform: Platform;
  readonly clock: ReturnType<typeof testClock>;
  readonly mails: readonly DeliverRequest[];
  /** While true messaging takes nothing. */
  readonly messaging: { isAway: boolean };
  /** Everything that was logged. */
  log(): string;
  readonly authentication: Client<typeof AuthenticationService>;
  readonly accounts: Client<typeof AccountService>;
  readonly access: Client<typeof AccessService>;
  readonly dependents: Client<typeof DependentService>;
  readonly keys: Client<typeof KeyService>;
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** The code in the latest mail to an address, once there are so many of them. */
  codeTo(email: string, count?: number): Promise<string>;
  /** Registers somebody, proves their address and answers it. */
  join(email?: string): Promise<string>;
  /** Logs somebody in who joined. */
  enter(email: string, password?: string): Promise<Tokens>;
  /** Gives a role in the database, as the command for the first super-admin does. */
  setRoles(email: string, roles: readonly string[]): Promise<void>;
  stop(): Promise<void>;
};

export const password = "violet-harbour-tram-41";

export async function startIdentity(settings: Readonly<Record<string, string>> = {}): Promise<TestIdentity> {
  const clock = testClock("2026-03-01T09:00:00Z");
  const mails: DeliverRequest[] = [];
  const outage = { isAway: false };
  const logged: string[] = [];
  const messaging = defineService({
    name: "messaging",
    config: {},
    errors: defineErrors({ domain: "messaging.dawr", reasons: {} }),
    start: () => ({
      implementations: [
        implement(DeliveryService, {
          deliver(request) {
            if (outage.isAway) throw new Error("messaging is away");
            mails.push(request);
            return {};
          },
        }),
      ],
    }),
  });
  const platform = await testPlatform([identity, messaging], {
    now: clock.now,
    env: { LOG_LEVEL: "trace", ...settings },
    logDestination: new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk));
        done();
      },
    }),
  });
  const authentication = platform.internal(AuthenticationService);
  const { store } = platform.service("identity");
  const query: TestIdentity["query"] = (sql, params) => store.read((tx) => tx.query(sql, params));

  async function codeTo(email: string, count = 1): Promise<string> {
    return await eventually(() => {
      const sent = mails.filter(({ recipient }) => recipient.value === email);
      const code = sent[count - 1]?.arguments.code;
      if (code === undefined) throw new Error(`${sent.length} mails to ${email} so far`);
      return code;
    });
  }

  return {
    platform,
    clock,
    mails,
    messaging: outage,
    log: () => logged.join(""),
    authentication,
    accounts: platform.internal(AccountService),
    access: platform.internal(AccessService),
    dependents: platform.internal(DependentService),
    keys: platform.internal(KeyService),
    query,
    codeTo,
    async join(email = newEmail()) {
      const { registration } = await authentication.register(registrationOf(email));
      const code = await codeTo(email);
      await authentication.verifyContact({ email, registration, code, requestId: randomUUID() });
      return email;
    },
    async enter(email, word = password) {
      return tokensOf(
        await authentication.logIn({
          email,
          credential: { case: "password", value: word },
          deviceName: "phone",
          requestId: randomUUID(),
        }),
      );
    },
    async setRoles(email, roles) {
      const { accountId } = await accountIdOf(platform, email);
      await store.transaction((tx) => tx.query("update account set roles = $2 where id = $1", [accountId, [...roles]]));
    },
    stop: () => platform.stop(),
  };
}

/** The id of the account that an address has. */
export async function accountIdOf(platform: Platform, email: string): Promise<{ readonly accountId: string }> {
  const { store, host } = platform.service("identity");
  const [row] = await store.read((tx) =>
    tx.query<{ id: string }>("select id from account where email_index = $1", [
      host.keys.blindIndex(email, "identity.email"),
    ]),
  );
  if (row === undefined) throw new Error(`${email} has no account`);
  return { accountId: row.id };
}

export const newEmail = (): string => `p${randomUUID().slice(0, 8)}@example.com`;

/** What somebody sends to register. */
export const registrationOf = (email: string) => ({
  email,
  password,
  displayName: "Rana Haddad",
  locale: "ar",
  birthDate: { year: 1994, month: 3, day: 12 },
  requestId: randomUUID() as string,
});

export function tokensOf(answer: { readonly outcome: { case?: string | undefined; value?: unknown } }): Tokens {
  const { outcome } = answer as { outcome: { case: "tokens"; value: Tokens } };
  if (outcome.case !== "tokens") throw new Error("no tokens");
  return outcome.value;
}

/** Call options of who holds tokens. */
export const as = ({ accessToken }: Pick<Tokens, "accessToken">) => ({
  headers: { authorization: `Bearer ${accessToken}` },
});

/** The reason of a refusal. */
export async function refusal(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof ConnectError)) throw new Error("the call was not refused", { cause: error });
  return reasonOf(error)?.reason;
}
