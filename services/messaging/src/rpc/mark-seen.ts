import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type MarkSeenRequest,
  type MarkSeenResponse,
  MarkSeenResponseSchema,
  NotificationService,
} from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { requireActor } from "@dawr/rpc";
import { once, type Store } from "@dawr/store";
import { idOf } from "../names.ts";
import { countUnseen, markSeen } from "../store/notifications.ts";

/** Marks notifications of an account as seen, all of them when none is named; names of others have no effect. */
export const markSeenRpc =
  ({ store, now }: { readonly store: Store; readonly now: () => Temporal.Instant }) =>
  async (request: MarkSeenRequest, context: HandlerContext): Promise<MarkSeenResponse> => {
    const call = { actor: requireActor(context).account, method: NotificationService.method.markSeen, request };
    const accountId = idOf(request.parent);
    return await once(store, call, async (tx) => {
      markSeen(tx, accountId, request.names.map(idOf), now());
      return create(MarkSeenResponseSchema, { unseenCount: await countUnseen(tx, accountId) });
    });
  };
