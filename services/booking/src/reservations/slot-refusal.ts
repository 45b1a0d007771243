import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { SlotConflictSchema } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { attachDetail, outgoing, reasonOf } from "@dawr/rpc";
import type { Logger } from "@dawr/telemetry";
import { BookingError, isReason } from "../domain/errors.ts";

/** Whom a refusal asks what else is free. */
export type RefusalDeps = {
  readonly reservations: Client<typeof ReservationService>;
  readonly log: Pick<Logger, "warn">;
};

/** What was wanted when a slot was refused. */
export type SlotWish = {
  readonly provider: string;
  readonly items: SlotItem[];
  readonly startTime?: Timestamp;
  readonly partySize: number;
  readonly maxGapMinutes: number;
  /** The booking that is being moved; empty for a new one. */
  readonly ignoreBooking?: string;
};

/** Refusals that mean: somebody was faster, or the calendar has changed; the caller is shown what else there is. (BK-04) */
const conflicts: ReadonlySet<string> = new Set(["SLOT_TAKEN", "SLOT_NOT_OFFERED"]);

/** Availability's refusal in booking's words, with the three nearest alternatives where somebody was faster. (BK-04) */
export async function slotRefusal(
  deps: RefusalDeps,
  wish: SlotWish,
  error: unknown,
  context: HandlerContext,
): Promise<unknown> {
  const known = reasonOf(error);
  if (known === undefined || known.domain !== "availability.dawr" || !isReason(known.reason)) return error;
  const own = new BookingError(known.reason, known.metadata, { cause: error });
  const { startTime } = wish;
  if (!conflicts.has(known.reason) || startTime === undefined) return own;
  const alternatives = await deps.reservations.findAlternatives({ ...wish, count: 3 }, outgoing(context)).then(
    ({ slots }) => slots,
    (failure: unknown) => {
      // That the slot is gone is the answer, also when nobody can say what else there is.
      deps.log.warn({ err: failure }, "no alternatives could be found for a slot that was lost");
      return [];
    },
  );
  return attachDetail(own, SlotConflictSchema, { startTime, alternatives });
}
