import type { Client } from "@connectrpc/connect";
import type { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import type { Job } from "@dawr/runtime";
import type { KeyRing, Tx } from "@dawr/store";
import type { Deps } from "../deps.ts";

/** A mail to an address that may not have an account. */
export type Mail = {
  readonly email: string;
  readonly template: "verification-code" | "log-in-code" | "account-exists";
  readonly locale: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** After this the mail is of no use. */
  readonly expireTime: Temporal.Instant;
};

const jobName = "deliver-message";
const context = "identity.mail";

/** Sends a mail once the transaction has committed; what it says waits encrypted. */
export async function sendMail(tx: Tx, deps: Pick<Deps, "keys" | "enqueue" | "newId">, mail: Mail): Promise<void> {
  const sealed = Buffer.from(deps.keys.encrypt(JSON.stringify(mail), context)).toString("base64");
  await deps.enqueue(tx, jobName, { sealed, requestId: deps.newId() });
}

/** Hands mails to messaging, again and again until it has them; one that has outlived its use is dropped. */
export function deliverMessage(
  keys: KeyRing,
  delivery: Client<typeof DeliveryService>,
  now: () => Temporal.Instant,
): Job {
  return {
    name: jobName,
    run: async (payload) => {
      const { sealed, requestId } = payload as { readonly sealed: string; readonly requestId: string };
      const mail = JSON.parse(Buffer.from(keys.decrypt(Buffer.from(sealed, "base64"), context)).toString()) as Omit<
        Mail,
        "expireTime"
      > & {
        readonly expireTime: string;
      };
      const expireTime = Temporal.Instant.from(mail.expireTime);
      if (Temporal.Instant.compare(expireTime, now()) <= 0) return;
      await delivery.deliver({
        recipient: { case: "email", value: mail.email },
        template: mail.template,
        locale: mail.locale,
        arguments: { ...mail.arguments },
        expireTime: { seconds: BigInt(Math.floor(expireTime.epochMilliseconds / 1000)), nanos: 0 },
        requestId,
      });
    },
  };
}
