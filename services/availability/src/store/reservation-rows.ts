import type { Tx } from "@dawr/store";
import type { Minute } from "../domain/zone-line.ts";
import { isoOf } from "./load-taken.ts";
import type { ReservedItem } from "./reservations.ts";

/** A reservation as its row tells it. */
export type ReservationRow = {
  readonly provider_id: string;
  readonly reservation_id: string;
  readonly state: "HELD" | "FIRM" | "RELEASED" | "LAPSED";
  readonly fencing_token: bigint;
  /** Null where time is blocked: then it says what, and why. */
  readonly booking: string | null;
  readonly blocked_unit_id: string | null;
  readonly blocked_kind: "STAFF" | "RESOURCE" | null;
  readonly block_reason: string | null;
  readonly start_time: Temporal.Instant;
  readonly end_time: Temporal.Instant;
  readonly items: readonly ReservedItem[];
  readonly party_size: number;
  readonly hot: boolean;
  readonly discount_percent: number;
  readonly expires_at: Temporal.Instant | null;
  readonly version: bigint;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

/** Reads one reservation, whatever its state. */
export async function loadReservation(tx: Tx, providerId: string, id: string): Promise<ReservationRow | undefined> {
  const [row] = await loadReservations(tx, providerId, [id]);
  return row;
}

/** Reads reservations by their ids, in the order of ids. */
export async function loadReservations(
  tx: Tx,
  providerId: string,
  ids: readonly string[],
): Promise<readonly ReservationRow[]> {
  return await tx.query<ReservationRow>(
    `select ${COLUMNS} from reservation r where provider_id = $1 and reservation_id = any($2::uuid[]) order by reservation_id`,
    [providerId, ids],
  );
}

/** Reads the live reservation of a booking. */
export async function loadReservationOf(
  tx: Tx,
  providerId: string,
  booking: string,
): Promise<ReservationRow | undefined> {
  const [row] = await tx.query<ReservationRow>(
    `select ${COLUMNS} from reservation r where provider_id = $1 and booking = $2 and state in ('HELD', 'FIRM')`,
    [providerId, booking],
  );
  return row;
}

/** Where a page of reservations begins: after this start and id. */
export type ReservationCursor = { readonly start: string; readonly id: string };

/** Live reservations whose service time touches a range, by start, then by id. */
export async function listReservations(
  tx: Tx,
  list: {
    readonly providerId: string;
    readonly from: Minute;
    readonly to: Minute;
    readonly unitId: string | undefined;
    readonly after: ReservationCursor | undefined;
    readonly limit: number;
  },
): Promise<readonly ReservationRow[]> {
  // No booking lasts ten days, and nothing is blocked for more than 31: the index on start finds all that touch the range.
  return await tx.query<ReservationRow>(
    `select ${COLUMNS} from reservation r
      where provider_id = $1 and state in ('HELD', 'FIRM') and (state = 'FIRM' or expires_at > clock_now())
        and start_time < $3::timestamptz and end_time > $2::timestamptz
        and start_time > $2::timestamptz - interval '32 days'
        and ($4::uuid is null or exists (select from occupancy o where o.provider_id = $1 and o.reservation_id = r.reservation_id
             and o.unit_id = $4) or $4 = any(staff_ids))
        and ($5::timestamptz is null or (start_time, reservation_id) > ($5::timestamptz, $6::uuid))
      order by start_time, reservation_id limit $7`,
    [
      list.providerId,
      isoOf(list.from),
      isoOf(list.to),
      list.unitId ?? null,
      list.after?.start ?? null,
      list.after?.id ?? null,
      list.limit,
    ],
  );
}

const COLUMNS = `provider_id, reservation_id, state, fencing_token, booking, blocked_unit_id, block_reason,
  (select u.kind from unit u where u.provider_id = r.provider_id and u.unit_id = r.blocked_unit_id) as blocked_kind, start_time, end_time, items, party_size, hot,
  discount_percent, expires_at, version, create_time, update_time`;
