import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { append } from "@dawr/events";
import { NotificationDeliveredSchema, NotificationFailedSchema } from "@dawr/gen/dawr/messaging/v1/events_pb.js";
import { Channel } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import type { Tx } from "@dawr/store";
import { notificationName } from "../names.ts";
import type { ChannelName } from "../store/wishes.ts";

/** Publishes that a message arrived on a way. */
export async function tellDelivered(tx: Tx, notificationId: string, channel: ChannelName, at: Temporal.Instant) {
  const { about, facts } = await nextVersion(tx, notificationId);
  append(tx, [
    {
      ...about,
      schema: NotificationDeliveredSchema,
      message: create(NotificationDeliveredSchema, {
        ...facts,
        channel: Channel[channel],
        deliverTime: timestampFromMs(at.epochMilliseconds),
      }),
    },
  ]);
}

/** Publishes that a message could not be sent on a way; `failure` holds no personal data. */
export async function tellFailed(
  tx: Tx,
  notificationId: string,
  channel: ChannelName,
  { failure, attempts }: { readonly failure: string; readonly attempts: number },
) {
  const { about, facts } = await nextVersion(tx, notificationId);
  append(tx, [
    {
      ...about,
      schema: NotificationFailedSchema,
      message: create(NotificationFailedSchema, { ...facts, channel: Channel[channel], failure, attempts }),
    },
  ]);
}

async function nextVersion(tx: Tx, id: string) {
  const [row] = await tx.query<{ account_id: string | null; template: string; subject: string; version: bigint }>(
    "update notification set version = version + 1 where id = $1 returning account_id, template, subject, version",
    [id],
  );
  if (row === undefined) throw new Error("a delivery has no notification");
  const name = notificationName(row.account_id, id);
  return {
    about: { subject: name, key: id, sequence: row.version },
    facts: {
      notification: name,
      account: row.account_id === null ? "" : `accounts/${row.account_id}`,
      template: row.template,
      subject: row.subject,
    },
  };
}
