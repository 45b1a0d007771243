import { reasonOf } from "@dawr/rpc";
import { type Step, type StepRunner, stepRunner } from "@dawr/runtime";
import { derivedRequestId } from "@dawr/store";
import { awaitsSlot, confirmBooking } from "../domain/settle-payment.ts";
import { parseBookingName } from "../names.ts";
import { findBooking, updateBooking } from "../store/bookings.ts";
import type { SagaDeps } from "./deps.ts";
import { refundPayment } from "./refund-payment.ts";
import { isRefusedForGood } from "./refused-for-good.ts";
import { retakeSlot } from "./retake-slot.ts";
import { settleMove } from "./settle-move.ts";
import { type StepPayload, sagaRunner } from "./store-steps.ts";

/**
 * Makes the network calls that follow from changes of bookings; each step was stored with its change, is repeated until it
 * has an answer, and derives its request ids from the step, so that repeating changes nothing. (BK-02)
 */
export function bookingSaga(deps: SagaDeps): StepRunner {
  return stepRunner({ name: sagaRunner, concurrency: 16, run: (step) => runStep(deps, step) });
}

async function runStep(deps: SagaDeps, step: Step): Promise<void> {
  // Only storeSteps writes them.
  const payload = step.payload as StepPayload;
  switch (step.name) {
    case "confirm-reservation":
      return await confirm(deps, step, payload);
    case "retake-slot":
      return await retakeSlot(deps, step, payload);
    case "release-reservation":
      return await release(deps, step, payload);
    case "cancel-payment":
      return await cancelPayment(deps, step, payload);
    case "refund-payment":
      return await refundPayment(deps, step, payload);
    case "settle-move":
      return await settleMove(deps, step, payload);
    default:
      throw new Error(`the booking saga has no step ${step.name}`);
  }
}

/** Makes the reservation of a paid booking firm, then confirms the booking; a lapsed one is taken again. */
async function confirm(deps: SagaDeps, step: Step, payload: StepPayload): Promise<void> {
  const key = parseBookingName(payload.booking);
  const booking = await deps.store.read((tx) => findBooking(tx, key));
  if (booking === undefined || !awaitsSlot(booking)) return await retakeSlot(deps, step, payload);
  try {
    const { name, fencingToken } = booking.reservation;
    await deps.reservations.confirmReservation(
      { name, fencingToken, requestId: derivedRequestId(step.id, "confirm") },
      { signal: step.signal },
    );
  } catch (error) {
    if (!isRefusedForGood(error)) throw error;
    return await retakeSlot(deps, step, payload);
  }
  await deps.store.transaction(async (tx) => {
    // Cancelled meanwhile: the release that was stored with that gives back a firm reservation too.
    await updateBooking(tx, key, "services/booking", (current) =>
      awaitsSlot(current) ? confirmBooking(current, deps.now()) : undefined,
    );
    step.done(tx);
  });
}

/**
 * Gives a reservation back; one that is gone already is what was wanted. One with another token was moved meanwhile, and
 * whoever brings that move to its end gives it back.
 */
async function release(deps: SagaDeps, step: Step, payload: StepPayload): Promise<void> {
  const { reservation: name = "", fencingToken = "0" } = payload;
  try {
    await deps.reservations.releaseReservation(
      { name, fencingToken: BigInt(fencingToken), requestId: derivedRequestId(step.id, "release") },
      { signal: step.signal },
    );
  } catch (error) {
    const reason = reasonOf(error)?.reason;
    if (reason !== "NOT_FOUND" && reason !== "FENCING_TOKEN_STALE") throw error;
  }
}

/** Stops a payment from being taken; one that went through meanwhile is told by its own event, and dealt with there. */
async function cancelPayment(deps: SagaDeps, step: Step, payload: StepPayload): Promise<void> {
  try {
    await deps.payments.cancelPayment(
      { name: payload.payment ?? "", requestId: derivedRequestId(step.id, "cancel") },
      { signal: step.signal },
    );
  } catch (error) {
    if (reasonOf(error)?.reason !== "PAYMENT_STATE_WRONG") throw error;
  }
}
