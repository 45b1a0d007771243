import { AvailabilityError } from "./errors.ts";
import type { CountedBooking, ItemParts, QuestionParts, Session, SlotRules } from "./question.ts";
import type { Schedule } from "./schedule.ts";
import type { Busy, TimeOff, UnitParts } from "./unit.ts";
import type { Minute } from "./zone-line.ts";

/** A provider's settings for booking: what slots obey, travel for home visits, and the discount of hot slots. */
export type BookingRules = Omit<SlotRules, "maxGapMinutes"> & {
  readonly travelMinutes: number;
  readonly hotDiscountPercent: number;
};

/** What availability keeps of a service. */
export type ServiceFacts = {
  readonly id: string;
  readonly active: boolean;
  readonly durationMinutes: number;
  readonly bufferBefore: number;
  readonly bufferAfter: number;
  /** Seats of a group service; 1 is not a group. */
  readonly capacity: number;
  /** Whether the staff member comes to the customer: travel counts. (S4) */
  readonly atCustomer: boolean;
  readonly requirements: readonly Requirement[];
  /** Minutes that each add-on makes the service longer. */
  readonly addOns: Readonly<Record<string, number>>;
};

/** So many different resources of a kind. */
type Requirement = { readonly kind: string; readonly count: number };

export type OwnHours = { readonly schedule: Schedule | undefined; readonly timeOff: readonly TimeOff[] };

/** A staff member; skills are the services that it gives, with a duration of its own or null. */
export type StaffFacts = OwnHours & {
  readonly id: string;
  readonly active: boolean;
  readonly skills: Readonly<Record<string, number | null>>;
};

export type ResourceFacts = OwnHours & {
  readonly id: string;
  readonly active: boolean;
  readonly kind: string;
  readonly capacity: number;
};

/** Everything about a provider that decides its slots, but what is taken. */
export type Calendar = {
  readonly providerId: string;
  readonly zone: string;
  readonly published: boolean;
  readonly rules: BookingRules;
  readonly schedule: Schedule;
  readonly timeOff: readonly TimeOff[];
  readonly services: ReadonlyMap<string, ServiceFacts>;
  readonly staff: readonly StaffFacts[];
  readonly resources: readonly ResourceFacts[];
};

/** What a customer asks for: services in a row, each with a chosen staff member or any. */
export type Ask = {
  readonly items: readonly {
    readonly serviceId: string;
    readonly staffId: string | undefined;
    readonly addOnIds: readonly string[];
    /** Whether it is booked already, and only moves: then it may have been archived since. */
    readonly isBooked?: boolean;
  }[];
  readonly sameStaff: boolean;
  readonly party: number;
  readonly maxGapMinutes: number;
};

/** What is taken at a provider: stretches by unit, group sessions, and bookings that count towards limits. */
export type Taken = {
  readonly busy: ReadonlyMap<string, readonly Busy[]>;
  readonly sessions: readonly Session[];
  readonly bookings: readonly CountedBooking[];
};

/** The units whose reservations an ask depends on. */
export function unitsOf(calendar: Calendar, ask: Ask): readonly string[] {
  const { staff, resources, items } = select(calendar, ask);
  return items.length === 0 ? [] : [...staff.map((s) => s.id), ...resources.map((r) => r.id)];
}

/** The question that an ask puts to a calendar. Errors: SERVICE_NOT_BOOKABLE, STAFF_NOT_ABLE, ADD_ON_UNKNOWN, PROVIDER_NOT_BOOKABLE. */
export function askCalendar(
  calendar: Calendar,
  ask: Ask,
  taken: Taken,
  window: { readonly from: Minute; readonly to: Minute },
  nowMs: number,
): QuestionParts {
  const { staff, resources, items } = select(calendar, ask);
  const unit = (facts: StaffFacts | ResourceFacts, kind: UnitParts["kind"]): UnitParts => ({
    id: facts.id,
    kind,
    schedule: facts.schedule,
    timeOff: facts.timeOff,
    capacity: "capacity" in facts ? facts.capacity : 1,
    busy: taken.busy.get(facts.id) ?? [],
  });
  return {
    zone: calendar.zone,
    nowMs,
    ...window,
    rules: { ...calendar.rules, maxGapMinutes: ask.maxGapMinutes },
    schedule: calendar.schedule,
    timeOff: calendar.timeOff,
    staff: staff.map((s) => unit(s, "STAFF")),
    resources: resources.map((r) => unit(r, "RESOURCE")),
    items,
    sameStaff: ask.sameStaff,
    sessions: taken.sessions,
    bookings: taken.bookings,
  };
}

function select(calendar: Calendar, ask: Ask) {
  const providerName = `providers/${calendar.providerId}`;
  if (!calendar.published) throw new AvailabilityError("PROVIDER_NOT_BOOKABLE", { provider: providerName });
  const staffIds = new Set<string>();
  const resourceIds = new Set<string>();
  const items = ask.items.map(({ serviceId, staffId, addOnIds, isBooked = false }): ItemParts => {
    const serviceName = `${providerName}/services/${serviceId}`;
    const service = calendar.services.get(serviceId);
    if (!service || !(service.active || isBooked))
      throw new AvailabilityError("SERVICE_NOT_BOOKABLE", { service: serviceName });
    const added = addOnIds.reduce((sum, id) => {
      const minutes = service.addOns[id];
      if (minutes === undefined)
        throw new AvailabilityError("ADD_ON_UNKNOWN", { add_on: `${serviceName}/addOns/${id}` });
      return sum + minutes;
    }, 0);
    const able = calendar.staff.filter((s) => s.active && s.skills[serviceId] !== undefined);
    const candidates = able
      .filter((s) => staffId === undefined || s.id === staffId)
      .map((s) => ({ id: s.id, durationMinutes: (s.skills[serviceId] ?? service.durationMinutes) + added }));
    if (staffId !== undefined && candidates.length === 0)
      throw new AvailabilityError("STAFF_NOT_ABLE", { staff_member: `${providerName}/staff/${staffId}` });
    for (const candidate of candidates) staffIds.add(candidate.id);
    const requirements = service.requirements.flatMap(({ kind, count }) => {
      const ids = calendar.resources.filter((r) => r.active && r.kind === kind).map((r) => r.id);
      return Array.from({ length: count }, () => ids);
    });
    for (const id of requirements.flat()) resourceIds.add(id);
    const travel = service.atCustomer ? calendar.rules.travelMinutes : 0;
    return {
      serviceId,
      candidates,
      bufferBefore: Math.max(service.bufferBefore, travel),
      bufferAfter: Math.max(service.bufferAfter, travel),
      requirements,
      capacity: service.capacity,
      party: ask.party,
    };
  });
  return {
    items,
    staff: calendar.staff.filter((s) => staffIds.has(s.id)),
    resources: calendar.resources.filter((r) => resourceIds.has(r.id)),
  };
}
