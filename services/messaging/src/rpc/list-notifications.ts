import { create } from "@bufbuild/protobuf";
import {
  type ListNotificationsRequest,
  type ListNotificationsResponse,
  ListNotificationsResponseSchema,
} from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { type KeyRing, readPageToken, type Store, signPageToken } from "@dawr/store";
import { idOf } from "../names.ts";
import { countUnseen, listInbox } from "../store/notifications.ts";
import { notificationToProto } from "./notification-to-proto.ts";

const defaultPageSize = 50;

/** Lists the inbox of an account, the latest first, page by page, and how many were not seen. (MS-03) */
export const listNotifications =
  ({ store, keys }: { readonly store: Store; readonly keys: KeyRing }) =>
  async (request: ListNotificationsRequest): Promise<ListNotificationsResponse> => {
    const { parent, unseenOnly, pageToken, pageSize } = request;
    const query = { parent, unseenOnly };
    const cursor = readPageToken({ key: keys, query, token: pageToken });
    const limit = pageSize === 0 ? defaultPageSize : pageSize;
    const accountId = idOf(parent);
    const beforeId = typeof cursor === "string" ? cursor : undefined;
    const [rows, unseenCount] = await store.read((tx) =>
      Promise.all([listInbox(tx, { accountId, unseenOnly, beforeId, limit: limit + 1 }), countUnseen(tx, accountId)]),
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return create(ListNotificationsResponseSchema, {
      notifications: page.map((row) => notificationToProto(keys, row)),
      nextPageToken:
        rows.length > limit && last !== undefined ? signPageToken({ key: keys, query, cursor: last.id }) : "",
      unseenCount,
    });
  };
