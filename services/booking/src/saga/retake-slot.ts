import type { Reservation } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { Step } from "@dawr/runtime";
import { derivedRequestId } from "@dawr/store";
import type { Booking, BookingItem } from "../domain/booking.ts";
import { awaitsSlot, confirmBooking, slotLost } from "../domain/settle-payment.ts";
import { bookingName, idOf, parseBookingName } from "../names.ts";
import { longestGap, slotItemsOf } from "../reservations/booked-items.ts";
import { instantOf, refOf } from "../reservations/from-reservation.ts";
import { timestamp } from "../rpc/booking-to-proto.ts";
import { findBooking, updateBooking } from "../store/bookings.ts";
import type { SagaDeps } from "./deps.ts";
import { isRefusedForGood } from "./refused-for-good.ts";
import { type StepPayload, storeSteps } from "./store-steps.ts";

/**
 * Takes the slot of a paid booking again, at the same times with the same staff, firm at once; when it is gone, or has begun
 * already, the money goes back in full. What was taken for a booking that no longer wants it is given back. (BK-02, BK-04)
 */
export async function retakeSlot(deps: SagaDeps, step: Step, payload: StepPayload): Promise<void> {
  const { store, now } = deps;
  const key = parseBookingName(payload.booking);
  const booking = await store.read((tx) => findBooking(tx, key));
  if (booking === undefined) return;
  // An earlier attempt may have taken the slot and died: asking again answers what it got.
  const mayHaveTaken = step.attempt > 1;
  const taken = wantsSlot(booking, now()) || mayHaveTaken ? await take(deps, step, booking) : undefined;
  await store.transaction(async (tx) => {
    const after = await updateBooking(tx, key, "services/booking", (current) => {
      if (!awaitsSlot(current)) return undefined;
      const at = now();
      const items = taken === undefined || !wantsSlot(current, at) ? undefined : fittedItems(current, taken);
      if (taken === undefined || items === undefined) return slotLost(current, at);
      return confirmBooking(current, at, { reservation: refOf(taken), items, endTime: instantOf(taken.endTime) });
    });
    if (after !== undefined && taken !== undefined && after.reservation.name !== taken.name) {
      storeSteps(tx, { booking: after, steps: [{ name: "release-reservation", reservation: refOf(taken) }] });
    }
    step.done(tx);
  });
}

function wantsSlot(booking: Booking, at: Temporal.Instant): boolean {
  return awaitsSlot(booking) && Temporal.Instant.compare(at, booking.startTime) < 0;
}

/** Reserves for good; undefined when availability refuses for good. Anything else is thrown, to be tried again. */
async function take({ reservations }: SagaDeps, step: Step, booking: Booking): Promise<Reservation | undefined> {
  const provider = `providers/${booking.providerId}`;
  const serviceOf = (item: BookingItem) => `${provider}/services/${item.serviceId}`;
  const staffOf = (item: BookingItem) => `${provider}/staff/${item.staffId}`;
  try {
    return await reservations.reserve(
      {
        booking: bookingName(booking),
        items: slotItemsOf(booking),
        startTime: timestamp(booking.startTime),
        partySize: booking.partySize,
        maxGapMinutes: longestGap(booking.items),
        preferredAssignments: booking.items.map((item) => ({
          service: serviceOf(item),
          staffMember: staffOf(item),
          startTime: timestamp(item.startTime),
          endTime: timestamp(item.endTime),
        })),
        account: `accounts/${booking.customerId}`,
        ignoreNotice: true,
        requestId: derivedRequestId(step.id, "retake"),
      },
      { signal: step.signal },
    );
  } catch (error) {
    if (isRefusedForGood(error)) return undefined;
    throw error;
  }
}

/** The items as they were taken; undefined when one of them would start at another time or be served by somebody else. */
function fittedItems(booking: Booking, taken: Reservation): readonly BookingItem[] | undefined {
  const items = booking.items.flatMap((item, index) => {
    const assignment = taken.assignments[index];
    const isSame =
      assignment !== undefined &&
      idOf(assignment.staffMember) === item.staffId &&
      instantOf(assignment.startTime).equals(item.startTime);
    return isSame ? [{ ...item, endTime: instantOf(assignment.endTime) }] : [];
  });
  return items.length === booking.items.length ? items : undefined;
}
