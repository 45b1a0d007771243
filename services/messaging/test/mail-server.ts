import postalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

/** A mail as a reader gets it. */
type Mail = {
  readonly to: readonly string[];
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

/** What the server does with a mail that has come: keeps it, refuses it with a number, or takes it and never says so. */
type Mood = "takes" | "hangs up after taking" | "is silent after taking" | { readonly refuses: number };

/** A mail server on a port of its own, which can go away and come back. */
export type MailServer = {
  readonly port: number;
  readonly mails: Mail[];
  mood: Mood;
  up(): Promise<void>;
  down(): Promise<void>;
};

/** Starts a mail server. */
export async function mailServer(port: number): Promise<MailServer> {
  let server: SMTPServer | undefined;
  const world: MailServer = { port, mails: [], mood: "takes", up, down };

  async function up(): Promise<void> {
    const started = new SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"],
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 50,
      onData(stream, session, callback) {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const { mood } = world;
          if (typeof mood === "object") {
            callback(
              Object.assign(new Error(`no mail for ${session.envelope.rcptTo[0]?.address}`), {
                responseCode: mood.refuses,
              }),
            );
            return;
          }
          keep(
            chunks,
            session.envelope.rcptTo.map(({ address }) => address),
          ).then(
            () => {
              if (mood === "takes") callback();
              if (mood === "hangs up after taking") dropAll(started);
            },
            (error: Error) => callback(error),
          );
        });
      },
    });
    // Who is cut off says so; that is the point.
    started.on("error", () => {});
    await new Promise<void>((resolve) => started.listen(port, "127.0.0.1", resolve));
    server = started;
  }

  async function keep(chunks: readonly Buffer[], to: readonly string[]): Promise<void> {
    const mail = await postalMime.parse(Buffer.concat(chunks));
    world.mails.push({
      to,
      messageId: mail.messageId ?? "",
      subject: mail.subject ?? "",
      text: mail.text ?? "",
      html: mail.html ?? "",
    });
  }

  async function down(): Promise<void> {
    const stopped = server;
    server = undefined;
    if (stopped === undefined) return;
    const closed = new Promise<void>((resolve) => stopped.close(() => resolve()));
    dropAll(stopped);
    await closed;
  }

  await up();
  return world;
}

function dropAll(server: SMTPServer): void {
  for (const connection of server.connections) connection.close();
}
