import type { Step } from "@dawr/runtime";
import { BookingError } from "../domain/errors.ts";
import { finishMove } from "../moving/finish-move.ts";
import { parseBookingName } from "../names.ts";
import { deleteMove, findMove } from "../store/booking-moves.ts";
import type { SagaDeps } from "./deps.ts";
import { isMoveRefused } from "./refused-for-good.ts";
import type { StepPayload } from "./store-steps.ts";

/**
 * Asks what became of a move whose end nobody has seen, once it can no longer be made: the same request answers what it did,
 * or is refused for good. Moves whose caller saw the end have gone by then. (BK-03)
 */
export async function settleMove(deps: SagaDeps, step: Step, payload: StepPayload): Promise<void> {
  const { store, reservations } = deps;
  const { providerId } = parseBookingName(payload.booking);
  const move = await store.read((tx) => findMove(tx, providerId, payload.move ?? ""));
  if (move === undefined) return;
  try {
    await finishMove(deps, move, await reservations.moveReservation(move.ask, { signal: step.signal }));
  } catch (error) {
    // It was moved for a booking that had ended by then, and given back.
    if (error instanceof BookingError) return;
    if (!isMoveRefused(error)) throw error;
    await store.transaction((tx) => {
      deleteMove(tx, move);
      step.done(tx);
    });
  }
}
