import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type Booking,
  type WatchBookingsRequest,
  type WatchBookingsResponse,
  WatchBookingsResponseSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { callOf } from "@dawr/rpc";
import { type ChangeSource, changedSince, type KeyRing, readChanges, type Store, watchChanges } from "@dawr/store";
import { idOf } from "../names.ts";
import { type BookingRow, bookingColumns, bookingOfRow } from "../store/booking-row.ts";
import { bookingChannel } from "../store/bookings.ts";
import { showBookings } from "./show-bookings.ts";

const kinds = { snapshot: WatchKind.SNAPSHOT, changes: WatchKind.CHANGES, heartbeat: WatchKind.HEARTBEAT } as const;
const mostBookings = 1_000;
const columns = bookingColumns.join(", ");

/**
 * Streams the bookings of a customer or a provider: first those that are not long over, then each change, with a token to
 * resume from. (MS-04, GW-03)
 */
export const watchBookings = ({
  store,
  keys,
  now,
}: {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly now: () => Temporal.Instant;
}) =>
  async function* (request: WatchBookingsRequest, context: HandlerContext): AsyncGenerator<WatchBookingsResponse> {
    const { parent, resumeToken } = request;
    const isProviders = parent.startsWith("providers/");
    // Besides the customer only members may watch.
    const viewer = { account: callOf(context).actor?.account, provider: isProviders ? parent : undefined };
    const column = isProviders ? "provider_id" : "customer_id";
    const source: ChangeSource<Booking> = {
      store,
      key: keys,
      query: { parent },
      read: async (tx, since) => {
        const statement = since === undefined ? snapshotStatement(column) : changesStatement(column);
        const rows = await tx.query<BookingRow>(statement, [idOf(parent), since ?? now().subtract({ hours: 24 })]);
        return await showBookings(tx, keys, rows.map(bookingOfRow), viewer);
      },
    };
    const messages = watchChanges({
      look: (token) => readChanges(source, token),
      resumeToken,
      signal: context.signal,
      // The payload names whose booking it was; an empty one means that something may have been missed.
      wake: (onWake) =>
        store.listen(bookingChannel, (payload) =>
          payload === "" || payload.includes(idOf(parent)) ? onWake() : undefined,
        ),
    });
    for await (const { kind, items, token } of messages) {
      yield create(WatchBookingsResponseSchema, {
        kind: kinds[kind],
        resumeToken: token,
        bookings: [...items],
      });
    }
  };

type ParentColumn = "customer_id" | "provider_id";

/** What a stream starts with: what is not long over, what ends first before what ends last. */
export function snapshotStatement(column: ParentColumn): string {
  return `select ${columns} from booking where ${column} = $1 and end_time > $2 order by end_time limit ${mostBookings}`;
}

/** What changed; a snapshot may be cut, changes never: who resumes would miss them. */
export function changesStatement(column: ParentColumn): string {
  return `select ${columns} from booking where ${column} = $1 and ${changedSince("$2")}`;
}
