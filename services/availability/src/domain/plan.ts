import { type Claim, claimsOf } from "./claim.ts";
import type { Limit, Question } from "./question.ts";
import type { Slot } from "./slots.ts";
import type { Minute } from "./zone-line.ts";

/** A session to be opened by a booking, with the units that it owns. */
type NewSession = {
  readonly id: string;
  readonly serviceId: string;
  readonly staffId: string;
  readonly from: Minute;
  readonly to: Minute;
  readonly seats: number;
  readonly unitIds: readonly string[];
};

/** A stretch to be inserted: owned by the booking, or by the session named. */
export type Stretch = Omit<Claim, "sessionOfItem" | "kind"> & { readonly sessionId: string | undefined };

/** What a slot writes when it is taken. */
export type Plan = {
  readonly stretches: readonly Stretch[];
  readonly opens: readonly NewSession[];
  readonly joins: readonly string[];
  readonly limits: readonly Limit[];
};

/** Turns a slot into what is written for it: merged rows, sessions to open or join, seats, and limits to check again. */
export function planOf(question: Question, slot: Slot, newId: () => string): Plan {
  const opens = new Map<number, NewSession>();
  const seats: Stretch[] = [];
  const joins: string[] = [];
  slot.items.forEach((placed, index) => {
    const { item, from, to, staff, uses, session, opensSeats } = placed;
    if (item.capacity === 1) return;
    if (session) {
      // Which seats are free is settled under the session's lock, when they are taken.
      joins.push(session.id);
      return;
    }
    const id = newId();
    const unitIds = [staff.id, ...uses.map((use) => use.unit.id)];
    opens.set(index, { id, serviceId: item.serviceId, staffId: staff.id, from, to, seats: opensSeats, unitIds });
    for (let lane = 1; lane <= item.party; lane++) seats.push({ unitId: id, lane, from, to, sessionId: undefined });
  });
  const claims = claimsOf(slot.items).map(({ unitId, lane, from, to, sessionOfItem }) => ({
    unitId,
    lane,
    from,
    to,
    sessionId: sessionOfItem === undefined ? undefined : opens.get(sessionOfItem)?.id,
  }));
  const services = new Set(slot.items.map((placed) => placed.item.serviceId));
  const staff = new Set(slot.items.map((placed) => placed.staff.id));
  return {
    stretches: [...claims, ...seats],
    opens: [...opens.values()],
    joins,
    limits: question.rules.limits.filter(
      ({ kind, id }) => kind === "PROVIDER" || (kind === "SERVICE" ? services.has(id) : staff.has(id)),
    ),
  };
}
