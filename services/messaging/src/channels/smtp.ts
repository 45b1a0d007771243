import { createTransport } from "nodemailer";
import type { Outcome } from "../domain/back-off.ts";
import type { Attempt, Channel } from "./channel.ts";

/** How the mail server is reached. */
export type SmtpOptions = {
  readonly url: string;
  /** "Name <address>" */
  readonly from: string;
  readonly maxConnections: number;
  readonly connectTimeout: Temporal.Duration;
  readonly timeout: Temporal.Duration;
};

/** Sends mails over SMTP, over a few connections that are kept. */
export function smtpChannel({ url, from, maxConnections, connectTimeout, timeout }: SmtpOptions): Channel {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections,
    // How often a message is tried is decided by who sends it.
    maxRequeues: 0,
    connectionTimeout: connectTimeout.total("milliseconds"),
    greetingTimeout: connectTimeout.total("milliseconds"),
    socketTimeout: timeout.total("milliseconds"),
    // What a mail says never makes this process read a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = domainOf(from);
  // A server that says a little again and again is never silent: an attempt as a whole ends too.
  const limitMs = 5 * timeout.total("milliseconds");
  return {
    async send({ deliveryId, address, locale, subject, html, text }, signal) {
      // Ended by hand: a signal that waits for its time would keep the whole mail in memory until then.
      const attempt = new AbortController();
      const giveUp = () => attempt.abort(signal.reason);
      const limit = setTimeout(giveUp, limitMs);
      signal.addEventListener("abort", giveUp);
      if (signal.aborted) giveUp();
      try {
        await transport.sendMail({
          from,
          // As an object: a string would be read as a list of addresses.
          to: { name: "", address },
          subject,
          html,
          text,
          messageId: messageIdOf(deliveryId, domain),
          headers: { "Content-Language": locale, "Auto-Submitted": "auto-generated" },
          signal: attempt.signal,
        });
        return { outcome: "delivered", failure: "" };
      } catch (error) {
        return attemptOf(error);
      } finally {
        clearTimeout(limit);
        signal.removeEventListener("abort", giveUp);
      }
    },
    async check() {
      await transport.verify();
    },
    close: () => transport.close(),
  };
}

/** The Message-ID of a delivery: the same for each attempt. */
function messageIdOf(deliveryId: string, domain: string): string {
  return `<${deliveryId}@${domain}>`;
}

/** The domain of "Name <user@domain>". */
function domainOf(from: string): string {
  return /@([^\s<>@]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
}

/** Errors of the way to the server, as against what it says about a message. */
const wayErrors = new Set([
  "ECONNECTION",
  "ETIMEDOUT",
  "ESOCKET",
  "EDNS",
  "ETLS",
  "EPROXY",
  "EAUTH",
  "ENOAUTH",
  "EOAUTH2",
  "EABORT",
]);
const messageErrors = new Set(["EENVELOPE", "EMESSAGE"]);

// The server's words may hold the address: only its number is kept.
function attemptOf(error: unknown): Attempt {
  const code = textIn(error, "code") ?? "UNKNOWN";
  const reply = numberIn(error, "responseCode");
  const failure = reply === undefined ? code : `${code} ${reply}`;
  return { outcome: outcomeOf(code, reply), failure };
}

function outcomeOf(code: string, reply: number | undefined): Outcome {
  // 421: the server is about to close; it has said nothing about the message.
  if (wayErrors.has(code) || reply === 421) return "unreachable";
  return messageErrors.has(code) && reply !== undefined && reply >= 500 && reply < 600 ? "refused" : "failed";
}

function textIn(error: unknown, key: string): string | undefined {
  const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === "string" ? value : undefined;
}

function numberIn(error: unknown, key: string): number | undefined {
  const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === "number" ? value : undefined;
}
