import type { Store, Tx } from "@dawr/store";
import { BookingError } from "../domain/errors.ts";

/** Who wants to hold a slot, for how long, and how many live holds they may have. */
export type HoldAttempt = {
  readonly actor: string;
  /** The method as kept answers name it: "package.Service/Method". */
  readonly method: string;
  readonly requestId: string;
  readonly accountId: string;
  readonly addressHash: Uint8Array;
  readonly perAccount: number;
  readonly perAddress: number;
  readonly hold: Temporal.Duration;
};

/** How long an attempt counts of which nobody has heard how it ended. */
const attemptSeconds = 60;

/** What became of an attempt: the booking's id, or that the request has its answer already. */
export type Begun = { readonly bookingId: string } | "ANSWERED";

/**
 * Gives the booking that is about to be held its id: the same for a repeated request, so that availability sees the same
 * request too. Refuses with HOLD_LIMIT_REACHED who has as many live holds as may be. (AV-03)
 */
export async function beginHold(
  store: Pick<Store, "query">,
  attempt: HoldAttempt,
  newId: () => string,
): Promise<Begun> {
  const { actor, method, requestId, accountId, addressHash, perAccount, perAddress, hold } = attempt;
  const [row] = await store.query<{ status: string; booking_id: string | null }>(
    `select status, booking_id from begin_hold($1, $2, $3, $4, $5, $6, $7, $8,
       make_interval(secs => $9), make_interval(secs => $10))`,
    [
      actor,
      method,
      requestId,
      accountId,
      addressHash,
      perAccount,
      perAddress,
      newId(),
      attemptSeconds,
      hold.total("seconds"),
    ],
  );
  switch (row?.status) {
    case "ANSWERED":
      return "ANSWERED";
    case "ACCOUNT_LIMIT":
      throw new BookingError("HOLD_LIMIT_REACHED", { limit: String(perAccount) });
    case "ADDRESS_LIMIT":
      throw new BookingError("HOLD_LIMIT_REACHED", { limit: String(perAddress) });
    default:
      if (typeof row?.booking_id !== "string") throw new Error("an attempt to hold got no id");
      return { bookingId: row.booking_id };
  }
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
