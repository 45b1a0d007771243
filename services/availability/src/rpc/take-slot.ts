import type { ItemAssignment } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Calendar } from "../domain/calendar.ts";
import { AvailabilityError } from "../domain/errors.ts";
import { planOf } from "../domain/plan.ts";
import type { Question } from "../domain/question.ts";
import { explainSlot, type Slot, slotAt } from "../domain/slots.ts";
import { instantOf, type Minute } from "../domain/zone-line.ts";
import { type Asked, questionOf } from "../store/ask-store.ts";
import { NOTHING_TAKEN } from "../store/load-taken.ts";
import type { ReservedItem, Wanted } from "../store/reservations.ts";
import type { Deps } from "./deps.ts";
import { idBelow } from "./names.ts";

/** What somebody wants to take: an ask at a start, with the staff that they were shown. */
export type Taking = {
  readonly asked: Asked;
  readonly start: Minute;
  readonly preferredStaff: readonly string[];
};

/**
 * Chooses the slot to take: the assignment that was shown if it is still free, else that of S10. Errors: SLOT_TAKEN when
 * only others are in the way, SLOT_NOT_OFFERED when it would not be offered on an empty calendar either.
 */
export function chooseSlot(deps: Deps, calendar: Calendar, taking: Taking, question: Question): Slot {
  const { asked, start } = taking;
  const slot = slotAt(preferring(question, taking.preferredStaff), start) ?? slotAt(question, start);
  if (slot) return slot;
  const ifNobodyHadBooked = { ...questionOf(calendar, asked, NOTHING_TAKEN, deps.now()), tally: question.tally };
  if (slotAt(ifNobodyHadBooked, start)) throw slotTaken(start);
  const { refusals } = explainSlot({ ...question, from: start, to: start + 1 }, start);
  throw notOffered(instantOf(start), [...new Set(refusals.map(({ clause }) => clause))]);
}

export function slotTaken(start: Minute): AvailabilityError {
  return new AvailabilityError("SLOT_TAKEN", { start_time: instantOf(start).toString() });
}

/** The error of a start that is not offered, with the clauses that refuse it, "S3" say. */
export function notOffered(start: Temporal.Instant, clauses: readonly string[]): AvailabilityError {
  const inOrder = [...clauses].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return new AvailabilityError("SLOT_NOT_OFFERED", { start_time: start.toString(), clauses: inOrder.join(", ") });
}

/** What is written for a slot under a reservation's id. */
export function wantedOf(
  deps: Deps,
  calendar: Calendar,
  question: Question,
  slot: Slot,
  asked: Asked,
  reservationId: string,
): Wanted {
  const plan = planOf(question, slot, deps.newId);
  const joinedOrOpened = (staffId: string, from: Minute) =>
    plan.opens.find((s) => s.staffId === staffId && s.from === from)?.id;
  return {
    providerId: calendar.providerId,
    reservationId,
    from: slot.from,
    to: slot.to,
    day: slot.day,
    items: slot.items.map(
      (placed, i): ReservedItem => ({
        serviceId: placed.item.serviceId,
        staffId: placed.staff.id,
        from: placed.from,
        to: placed.to,
        resources: placed.uses.map((use) => ({ resourceId: use.unit.id, lanes: use.lanes })),
        addOnIds: asked.ask.items[i]?.addOnIds ?? [],
        sessionId: placed.session?.id ?? joinedOrOpened(placed.staff.id, placed.from) ?? null,
      }),
    ),
    party: asked.ask.party,
    hot: slot.hot,
    discountPercent: slot.hot ? calendar.rules.hotDiscountPercent : 0,
    isOverride: asked.leniency === "HOURS",
    plan,
  };
}

/** The staff members of the assignment that the customer was shown, item by item. */
export function preferredStaffOf(providerId: string, assignments: readonly ItemAssignment[]): readonly string[] {
  return assignments.map(({ staffMember }) => (staffMember === "" ? "" : idBelow(providerId, staffMember)));
}

function preferring(question: Question, staff: readonly string[]): Question {
  if (staff.length === 0) return question;
  return {
    ...question,
    items: question.items.map((item, i) => ({
      ...item,
      candidates: item.candidates.filter(({ unit }) => !staff[i] || unit.id === staff[i]),
    })),
  };
}
