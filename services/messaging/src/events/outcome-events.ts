import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { append } from "@dawr/events";
import { NotificationDeliveredSchema, NotificationFailedSchema } from "@dawr/gen/dawr/messaging/v1/events_pb.js";
import { Channel } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import type { Tx } from "@dawr/store";
import { notificationName } from "../names.ts";
import type { ChannelName } from "../store/wishes.ts";

/** What is told of a message; the version is the one that the message has with what is told. */
export type Told = {
  readonly id: string;
  readonly account_id: string | null;
  readonly template: string;
  readonly subject: string;
  readonly version: bigint;
};

/** Publishes that a message arrived on a way. */
export function tellDelivered(tx: Tx, told: Told, channel: ChannelName, at: Temporal.Instant): void {
  const message = create(NotificationDeliveredSchema, {
    ...factsOf(told),
    channel: Channel[channel],
    deliverTime: timestampFromMs(at.epochMilliseconds),
  });
  append(tx, [{ ...aboutOf(told), schema: NotificationDeliveredSchema, message }]);
}

/** Publishes that a message could not be sent on a way; `failure` holds no personal data. */
export function tellFailed(
  tx: Tx,
  told: Told,
  channel: ChannelName,
  { failure, attempts }: { readonly failure: string; readonly attempts: number },
): void {
  const message = create(NotificationFailedSchema, { ...factsOf(told), channel: Channel[channel], failure, attempts });
  append(tx, [{ ...aboutOf(told), schema: NotificationFailedSchema, message }]);
}

function aboutOf({ id, account_id, version }: Told) {
  return { subject: notificationName(account_id, id), key: id, sequence: version };
}

function factsOf({ id, account_id, template, subject }: Told) {
  return {
    notification: notificationName(account_id, id),
    account: account_id === null ? "" : `accounts/${account_id}`,
    template,
    subject,
  };
}
