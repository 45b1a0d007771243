import type { Tx } from "@dawr/store";
import { BookingError } from "../domain/errors.ts";

/** Who wants to hold a slot, for how long, and how many live holds they may have. */
export type HoldAttempt = {
  readonly actor: string;
  readonly requestId: string;
  readonly accountId: string;
  readonly addressHash: Uint8Array;
  readonly perAccount: number;
  readonly perAddress: number;
  readonly hold: Temporal.Duration;
};

/** How long an attempt counts of which nobody has heard how it ended. */
const attemptSeconds = 60;

/**
 * Gives the booking that is about to be held its id: the same for a repeated request, so that availability sees the same
 * request too. Refuses with HOLD_LIMIT_REACHED who has as many live holds as may be.
 */
export async function beginHold(tx: Tx, attempt: HoldAttempt, newId: () => string): Promise<string> {
  const { actor, requestId, accountId, addressHash, perAccount, perAddress, hold } = attempt;
  // Two holds of one person, or of one address, are counted one after the other.
  await tx.query(
    `select pg_advisory_xact_lock(k) from (
       select k from unnest(array[hashtextextended($1, 0), hashtextextended($2, 0)]) k order by k offset 0) as sorted`,
    [`hold ${accountId}`, `hold ${Buffer.from(addressHash).toString("hex")}`],
  );
  const [known] = await tx.query<{ booking_id: string }>(
    "select booking_id from hold_attempt where actor = $1 and request_id = $2 and expire_time > clock_now()",
    [actor, requestId],
  );
  if (known !== undefined) return known.booking_id;
  const [live] = await tx.query<{ by_account: bigint; by_address: bigint }>(
    `select (select count(*) from hold_attempt where account_id = $1 and live_until > clock_now()) as by_account,
            (select count(*) from hold_attempt where address_hash = $2 and live_until > clock_now()) as by_address`,
    [accountId, addressHash],
  );
  if (live !== undefined && live.by_account >= perAccount)
    throw new BookingError("HOLD_LIMIT_REACHED", { limit: String(perAccount) });
  if (live !== undefined && live.by_address >= perAddress)
    throw new BookingError("HOLD_LIMIT_REACHED", { limit: String(perAddress) });
  const bookingId = newId();
  await tx.query(
    `insert into hold_attempt (actor, request_id, booking_id, account_id, address_hash, live_until, expire_time)
     values ($1, $2, $3, $4, $5, clock_now() + make_interval(secs => $6), clock_now() + make_interval(secs => $7))
     on conflict (actor, request_id) do update set booking_id = excluded.booking_id,
       address_hash = excluded.address_hash, live_until = excluded.live_until, expire_time = excluded.expire_time`,
    [actor, requestId, bookingId, accountId, addressHash, attemptSeconds, hold.total("seconds")],
  );
  return bookingId;
}

/** Makes the attempt of a booking count as a live hold until its hold ends. */
export function keepHold(tx: Tx, bookingId: string, expireTime: Temporal.Instant): void {
  tx.post("update hold_attempt set live_until = $2, expire_time = $2 where booking_id = $1", [bookingId, expireTime]);
}

/** Stops counting a booking as a live hold: its slot was refused. */
export async function endHold(tx: Tx, bookingId: string): Promise<void> {
  await tx.query("delete from hold_attempt where booking_id = $1", [bookingId]);
}

/** Removes attempts whose time is over. */
export async function pruneHolds(tx: Tx): Promise<void> {
  await tx.query("delete from hold_attempt where greatest(expire_time, live_until) <= clock_now()");
  await tx.query("delete from payment_start where start_time < clock_now() - interval '7 days'");
}
