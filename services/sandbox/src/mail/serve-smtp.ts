import type { Readable } from "node:stream";
import type { Listening } from "@dawr/runtime";
import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { SMTPServer, type SMTPServerSession } from "smtp-server";
import { insertMessage } from "../store/messages.ts";
import { addressOf, readMail } from "./read-mail.ts";

/** What the mailbox's SMTP server needs. */
export type SmtpDeps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly newId: () => string;
  readonly log: Logger;
  readonly host: string;
  readonly port: number;
  readonly limitBytes: number;
};

/** Takes mail for every address; answers 250 only when the mail is in the database. */
export async function serveSmtp(deps: SmtpDeps): Promise<Listening & { readonly port: number }> {
  const server = new SMTPServer({
    name: "mailbox.local",
    size: deps.limitBytes,
    authOptional: true,
    // Local and without certificates: neither makes sense here, and clients that see them offered would try.
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    // Clients keep idle connections open; one that is cut in the middle of a mail was not told 250 and sends it again.
    closeTimeout: 300,
    onData(stream, session, callback) {
      take(deps, stream, session).then(
        () => callback(null, "stored"),
        (error: unknown) => callback(replyTo(error, deps.log)),
      );
    },
  });
  server.on("error", (error) => deps.log.warn({ err: error }, "a mail connection broke"));
  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(deps.port, deps.host, () => {
      server.server.off("error", reject);
      resolve();
    });
  });
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("the SMTP server has no port");
  return {
    url: `smtp://${deps.host === "0.0.0.0" ? "127.0.0.1" : deps.host}:${address.port}`,
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

class TooLarge extends Error {
  override readonly name = "TooLarge";
  readonly responseCode = 552;
}

async function take(deps: SmtpDeps, stream: Readable & { sizeExceeded?: boolean }, session: SMTPServerSession) {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    // The rest is read and dropped: the client listens for the answer only when it has sent everything.
    if (size <= deps.limitBytes) chunks.push(chunk);
  }
  if (stream.sizeExceeded || size > deps.limitBytes) throw new TooLarge(`a mail has at most ${deps.limitBytes} bytes`);
  const source = Buffer.concat(chunks);
  const mail = await readMail(source);
  await deps.store.transaction((tx) =>
    insertMessage(tx, {
      ...mail,
      id: deps.newId(),
      sender: addressOf(session.envelope.mailFrom),
      recipients: [...new Set(session.envelope.rcptTo.map(addressOf))],
      sizeBytes: size,
      source,
      receiveTime: deps.now(),
    }),
  );
}

/** Too large is for good; anything else may go away, and the sender is told to come again. */
function replyTo(error: unknown, log: Logger): Error {
  if (error instanceof TooLarge) return error;
  log.error({ err: error }, "a mail could not be stored");
  return Object.assign(new Error("try again later"), { responseCode: 451 });
}
