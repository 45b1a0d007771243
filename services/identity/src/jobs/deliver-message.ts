import type { Client } from "@connectrpc/connect";
import type { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import type { Job } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { Deps } from "../deps.ts";
import { deletePendingMail, findPendingMail, insertPendingMail, type Mail } from "../store/pending-mails.ts";

const jobName = "deliver-message";

/** Sends a mail once the transaction has committed. */
export async function sendMail(tx: Tx, deps: Pick<Deps, "keys" | "enqueue" | "newId">, mail: Mail): Promise<void> {
  const id = deps.newId();
  await insertPendingMail(tx, deps.keys, id, mail);
  // Of the mail itself nothing may be among the job's arguments, which are kept in clear.
  await deps.enqueue(tx, jobName, { mail: id });
}

/** Hands mails to messaging, again and again until it has them; one that has outlived its use is dropped. */
export function deliverMessage(
  { store, keys, now }: Pick<Deps, "store" | "keys" | "now">,
  delivery: Client<typeof DeliveryService>,
): Job {
  return {
    name: jobName,
    run: async (payload) => {
      const { mail: id } = payload as { readonly mail: string };
      const mail = await store.read((tx) => findPendingMail(tx, keys, id, now()));
      if (mail !== undefined)
        await delivery.deliver({
          recipient: { case: "email", value: mail.email },
          template: mail.template,
          locale: mail.locale,
          arguments: { ...mail.arguments },
          expireTime: { seconds: BigInt(Math.floor(mail.expireTime.epochMilliseconds / 1000)), nanos: 0 },
          requestId: id,
        });
      await store.transaction((tx) => deletePendingMail(tx, id));
    },
  };
}
