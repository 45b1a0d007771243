import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { NotificationSchema } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import type { KeyRing } from "@dawr/store";
import { notificationName } from "../names.ts";
import { type InboxRow, openContent } from "../store/notifications.ts";

/** A notification as the contract has it. */
export function notificationToProto(keys: KeyRing, row: InboxRow): MessageInitShape<typeof NotificationSchema> {
  const { title, body } = openContent(keys, row.content);
  return {
    name: notificationName(row.account_id, row.id),
    template: row.template,
    title,
    body,
    languageCode: row.locale,
    subject: row.subject,
    createTime: timestampFromMs(row.create_time.epochMilliseconds),
    ...(row.seen_time === null ? {} : { seenTime: timestampFromMs(row.seen_time.epochMilliseconds) }),
  };
}
