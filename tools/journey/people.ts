import { randomUUID } from "node:crypto";
import { AuthenticationService } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { waitForMail } from "./mailbox.ts";
import { publicClient, type Session, type Urls } from "./platform-client.ts";

/** A customer who is logged in. */
export type Person = Session & {
  readonly email: string;
  readonly account: string;
  readonly accessToken: string;
  readonly locale: "ar" | "en";
};

/** Registers somebody by e-mail, reads the code from the mailbox, proves the address and logs in. */
export async function join(
  urls: Urls,
  name: string,
  locale: "ar" | "en",
  told: (step: string) => void = () => undefined,
): Promise<Person> {
  const email = `${locale}-${randomUUID().slice(0, 8)}@example.com`;
  const password = `teal-${randomUUID().slice(0, 13)}-harbour`;
  const authentication = publicClient(urls, AuthenticationService, { locale });
  const { registration } = await authentication.register({
    email,
    password,
    displayName: name,
    locale,
    birthDate: { year: 1994, month: 3, day: 12 },
    requestId: randomUUID(),
  });
  told("registered");
  const mail = await waitForMail(urls, email, ({ text }) => /\b\d{6}\b/.test(text));
  const code = /\b\d{6}\b/.exec(mail.text)?.[0] ?? "";
  told("got the code by e-mail");
  await authentication.verifyContact({ email, registration, code, requestId: randomUUID() });
  return { ...(await logIn(urls, email, password, locale)), email };
}

/** Logs somebody in by password. */
async function logIn(urls: Urls, email: string, password: string, locale: "ar" | "en"): Promise<Person> {
  const authentication = publicClient(urls, AuthenticationService, { locale });
  const { outcome } = await authentication.logIn({
    email,
    credential: { case: "password", value: password },
    deviceName: "demo",
    requestId: randomUUID(),
  });
  if (outcome.case !== "tokens") throw new Error("logging in asked for more than a password");
  return { email, locale, account: outcome.value.account, accessToken: outcome.value.accessToken };
}
