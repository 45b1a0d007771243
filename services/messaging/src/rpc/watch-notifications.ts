import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type WatchNotificationsRequest,
  type WatchNotificationsResponse,
  WatchNotificationsResponseSchema,
} from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { type ChangeSource, type KeyRing, readChanges, type Store, watchChanges } from "@dawr/store";
import { idOf } from "../names.ts";
import { type InboxRow, inboxSince } from "../store/notifications.ts";
import { notificationToProto } from "./notification-to-proto.ts";

const kinds = { snapshot: WatchKind.SNAPSHOT, changes: WatchKind.CHANGES, heartbeat: WatchKind.HEARTBEAT } as const;
const snapshotSize = 100;
const mostChanges = 1_000;

/** Streams an inbox: first the latest 100, then each change, with a token to resume from. (MS-04, GW-03) */
export const watchNotifications = ({ store, keys }: { readonly store: Store; readonly keys: KeyRing }) =>
  async function* (
    request: WatchNotificationsRequest,
    context: HandlerContext,
  ): AsyncGenerator<WatchNotificationsResponse> {
    const { parent, resumeToken } = request;
    const source: ChangeSource<InboxRow> = {
      store,
      key: keys,
      query: { parent },
      read: (tx, since) => inboxSince(tx, idOf(parent), since, since === undefined ? snapshotSize : mostChanges),
    };
    const messages = watchChanges({
      look: (token) => readChanges(source, token),
      resumeToken,
      signal: context.signal,
      wake: (onWake) => store.listen("notification", onWake),
    });
    for await (const { kind, items, token } of messages) {
      yield create(WatchNotificationsResponseSchema, {
        kind: kinds[kind],
        resumeToken: token,
        notifications: items.map((row) => notificationToProto(keys, row)),
      });
    }
  };
