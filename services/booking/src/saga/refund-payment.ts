import type { Step } from "@dawr/runtime";
import { derivedRequestId } from "@dawr/store";
import { refundRefused } from "../domain/settle-refund.ts";
import { parseBookingName } from "../names.ts";
import { findBooking, updateBooking } from "../store/bookings.ts";
import type { SagaDeps } from "./deps.ts";
import { finalRefundRefusal } from "./refused-for-good.ts";
import type { StepPayload } from "./store-steps.ts";

/**
 * Asks for a refund, unless all that is due has gone back by hand meanwhile; how it ends is told by RefundSucceeded or
 * RefundFailed. When payment refuses it for good the booking says so as it does of a refund that failed, and the step ends.
 * (PY-07)
 */
export async function refundPayment(deps: SagaDeps, step: Step, payload: StepPayload): Promise<void> {
  const { payment: name = "", amountMinor = "0", currencyCode = "", cause = "" } = payload;
  const booking = await deps.store.read((tx) => findBooking(tx, parseBookingName(payload.booking)));
  if (booking?.payment?.name === name && booking.paymentState === "REFUNDED") return;
  try {
    await deps.payments.refundPayment(
      {
        name,
        amount: { currencyCode, amountMinor: BigInt(amountMinor) },
        reason: cause,
        requestId: derivedRequestId(step.id, "refund"),
      },
      { signal: step.signal },
    );
  } catch (error) {
    const reason = finalRefundRefusal(error);
    if (reason === undefined) throw error;
    await giveUp(deps, step, payload.booking, { payment: name, reason });
  }
}

async function giveUp(
  { store, now, log }: SagaDeps,
  step: Step,
  booking: string,
  refusal: { readonly payment: string; readonly reason: string },
): Promise<void> {
  const isNews = await store.transaction(async (tx) => {
    let isSettled = false;
    await updateBooking(tx, parseBookingName(booking), "services/booking", (current) => {
      const change = refundRefused(current, refusal, now());
      // Refunded by hand before the step came to it.
      isSettled = change === undefined && current.payment?.name === refusal.payment;
      return change;
    });
    step.done(tx);
    return !isSettled;
  });
  if (isNews) log.error({ booking, ...refusal }, "a refund was refused for good; somebody has to refund it by hand");
}
