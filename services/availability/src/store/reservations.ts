import { PlatformError } from "@dawr/rpc";
import type { Tx } from "@dawr/store";
import { AvailabilityError } from "../domain/errors.ts";
import type { Plan } from "../domain/plan.ts";
import { type Day, dateOfDay, type Minute } from "../domain/zone-line.ts";
import { changeChannel } from "./changes.ts";
import { isoOf } from "./load-taken.ts";

/** The channel that wakes the timer that ends holds; the payload is when one ends. */
export const holdChannel = "hold_expiry";

/** One placed item as the reservation's row keeps it. */
export type ReservedItem = {
  readonly serviceId: string;
  readonly staffId: string;
  readonly from: Minute;
  readonly to: Minute;
  readonly resources: readonly { readonly resourceId: string; readonly lanes: readonly number[] }[];
  readonly addOnIds: readonly string[];
  readonly sessionId: string | null;
};

/** What a reservation is about, whoever asks for it. */
export type Wanted = {
  readonly providerId: string;
  readonly reservationId: string;
  readonly from: Minute;
  readonly to: Minute;
  readonly day: Day;
  readonly items: readonly ReservedItem[];
  readonly party: number;
  readonly hot: boolean;
  readonly discountPercent: number;
  /** Whether a member puts it outside of hours. */
  readonly isOverride: boolean;
  readonly plan: Plan;
};

export type Outcome = {
  readonly status: "RESERVED" | "TAKEN" | "LIMIT" | "ALREADY";
  readonly token: bigint;
  /** Holds whose time was over and that this call ended. */
  readonly lapsed: readonly string[];
  /** When, by the database's reading of the platform's clock. */
  readonly at: Temporal.Instant;
};

/** Holds time until `expires` (firm where undefined): all stretches or none, in one statement. (AV-03) */
export async function insertReservation(
  tx: Tx,
  wanted: Wanted,
  booking: string,
  expires: Temporal.Instant | undefined,
): Promise<Outcome> {
  const [row] = await tx.query<OutcomeRow<Outcome["status"]>>(RESERVE, [
    wanted.providerId,
    wanted.reservationId,
    booking,
    expires?.toString() ?? null,
    ...whatOf(wanted),
  ]);
  tx.notify(changeChannel, wanted.providerId);
  if (expires !== undefined) tx.notify(holdChannel, expires.toString());
  return outcomeOf(row);
}

/**
 * Moves a reservation to another time or other units and answers the new token. A status of TAKEN or LIMIT asks the
 * caller to roll back: the old stretches are already gone in this transaction.
 */
export async function updateReservation(tx: Tx, wanted: Wanted, token: bigint): Promise<Outcome> {
  const [row] = await tx.query<OutcomeRow<Outcome["status"] | Refused>>(MOVE, [
    wanted.providerId,
    wanted.reservationId,
    token.toString(),
    ...whatOf(wanted),
  ]);
  const status = row?.status;
  tx.notify(changeChannel, wanted.providerId);
  if (row && (status === "RESERVED" || status === "TAKEN" || status === "LIMIT" || status === "ALREADY"))
    return outcomeOf({ ...row, status });
  throw refusal(status, wanted.providerId, wanted.reservationId);
}

/**
 * Locks a reservation that is about to be moved, so that its moves come one after the other, and refuses one whose end has
 * passed. Errors: MOVE_TOO_LATE, NOT_FOUND, FENCING_TOKEN_STALE, RESERVATION_LAPSED, RESERVATION_RELEASED.
 */
export async function lockReservation(
  tx: Tx,
  providerId: string,
  reservationId: string,
  token: bigint,
  until: Temporal.Instant | undefined,
): Promise<void> {
  const [row] = await tx.query<{ status: string; is_late: boolean }>(
    `select c.status, coalesce(clock_now() > $4::timestamptz, false) as is_late
       from check_reservation($1, $2, $3) c`,
    [providerId, reservationId, token.toString(), until?.toString() ?? null],
  );
  if (row?.is_late && until) throw new AvailabilityError("MOVE_TOO_LATE", { expire_time: until.toString() });
  if (row?.status !== "OK") throw refusal(row?.status, providerId, reservationId);
}

/** Makes a hold firm. Errors: NOT_FOUND, FENCING_TOKEN_STALE, RESERVATION_LAPSED, RESERVATION_RELEASED. */
export async function confirmReservation(
  tx: Tx,
  providerId: string,
  reservationId: string,
  token: bigint,
): Promise<void> {
  const [row] = await tx.query<{ status: string }>("select status from confirm_reservation($1, $2, $3)", [
    providerId,
    reservationId,
    token.toString(),
  ]);
  if (row?.status !== "OK") throw refusal(row?.status, providerId, reservationId);
}

/** Gives time up; again is no error. Errors: NOT_FOUND, FENCING_TOKEN_STALE. */
export async function releaseReservation(
  tx: Tx,
  providerId: string,
  reservationId: string,
  token: bigint,
): Promise<void> {
  const [row] = await tx.query<{ status: string }>("select status from release_reservation($1, $2, $3)", [
    providerId,
    reservationId,
    token.toString(),
  ]);
  tx.notify(changeChannel, providerId);
  if (row?.status === "NOT_FOUND" || row?.status === "STALE") throw refusal(row.status, providerId, reservationId);
}

type Refused = "NOT_FOUND" | "STALE" | "LAPSED" | "ENDED";
type OutcomeRow<S> = {
  readonly status: S;
  readonly token: bigint | null;
  readonly lapsed: readonly string[] | null;
  readonly at: Temporal.Instant;
};

const REASONS = {
  STALE: "FENCING_TOKEN_STALE",
  LAPSED: "RESERVATION_LAPSED",
  ENDED: "RESERVATION_RELEASED",
} as const;

function refusal(status: string | undefined, providerId: string, reservationId: string): Error {
  const name = `providers/${providerId}/reservations/${reservationId}`;
  if (status === "STALE" || status === "LAPSED" || status === "ENDED")
    return new AvailabilityError(REASONS[status], { reservation: name });
  return new PlatformError("NOT_FOUND", { name });
}

function outcomeOf(row: OutcomeRow<Outcome["status"]> | undefined): Outcome {
  if (!row) throw new Error("the reservation function answered nothing");
  return { status: row.status, token: row.token ?? 0n, lapsed: row.lapsed ?? [], at: row.at };
}

function whatOf({ from, to, day, items, party, hot, discountPercent, isOverride, plan }: Wanted): readonly unknown[] {
  const { stretches, opens, joins, limits } = plan;
  return [
    isoOf(from),
    isoOf(to),
    dateOfDay(day).toString(),
    [...new Set(items.map((item) => item.serviceId))],
    [...new Set(items.map((item) => item.staffId))],
    JSON.stringify(items),
    party,
    hot,
    discountPercent,
    stretches.map((s) => s.unitId),
    stretches.map((s) => s.lane),
    stretches.map((s) => isoOf(s.from)),
    stretches.map((s) => isoOf(s.to)),
    stretches.map((s) => s.sessionId ?? null),
    JSON.stringify(
      opens.map((s) => ({
        session_id: s.id,
        service_id: s.serviceId,
        staff_id: s.staffId,
        start_time: isoOf(s.from),
        end_time: isoOf(s.to),
        seats: s.seats,
        unit_ids: s.unitIds,
      })),
    ),
    joins,
    JSON.stringify(limits.map((limit) => ({ ...limit, id: limit.id === "" ? null : limit.id }))),
    isOverride,
  ];
}

const WHAT = (first: number) => {
  const types =
    "timestamptz timestamptz date uuid[] uuid[] jsonb integer boolean integer uuid[] integer[] timestamptz[] timestamptz[] uuid[] jsonb uuid[] jsonb boolean";
  return types
    .split(" ")
    .map((type, i) => `$${first + i}::${type}`)
    .join(", ");
};
const RESERVE = `select status, token, lapsed, at from reserve($1, $2, $3, $4, ${WHAT(5)})`;
const MOVE = `select status, token, lapsed, at from move_reservation($1, $2, $3, ${WHAT(4)})`;
