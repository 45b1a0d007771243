import { addStep } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { Change } from "../domain/booking.ts";
import { bookingName } from "../names.ts";

/** The runner of the booking saga; its stored steps carry this name. */
export const sagaRunner = "booking.saga";

/** What a stored step says, besides its name; amounts as text, for JSON has no whole numbers beyond 2^53. */
export type StepPayload = {
  readonly booking: string;
  readonly reservation?: string;
  readonly fencingToken?: string;
  readonly payment?: string;
  readonly amountMinor?: string;
  readonly currencyCode?: string;
  readonly cause?: string;
  /** The id of a move. */
  readonly move?: string;
};

/** Stores the network calls that follow a change, in the change's own transaction. */
export function storeSteps(tx: Tx, { booking, steps }: Pick<Change, "booking" | "steps">): void {
  for (const step of steps) {
    const payload: StepPayload = {
      booking: bookingName(booking),
      ...("reservation" in step
        ? { reservation: step.reservation.name, fencingToken: step.reservation.fencingToken.toString() }
        : {}),
      ...("payment" in step ? { payment: step.payment } : {}),
      ...("amountMinor" in step
        ? { amountMinor: step.amountMinor.toString(), currencyCode: step.currencyCode, cause: step.cause }
        : {}),
    };
    addStep(tx, { runner: sagaRunner, key: booking.id, name: step.name, payload });
  }
}
