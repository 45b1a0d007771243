import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Reservation,
  Reservation_State,
  ReservationSchema,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import {
  type Booking,
  Booking_State,
  BookingSchema,
  PaymentMethod,
  Place,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Review, ReviewSchema } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import type { Service } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { StaffMember } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { type Business, type DayHours, lunchMinutes } from "./business.ts";
import { reviewTexts } from "./names.ts";
import type { Random } from "./random.ts";

/** What happened at a business, and what will. */
export type BusinessCalendar = {
  readonly bookings: readonly Booking[];
  readonly reservations: readonly Reservation[];
  readonly reviews: readonly Review[];
};

/** What a calendar is made with. */
export type CalendarMaking = {
  readonly random: Random;
  readonly newId: () => string;
  readonly accounts: readonly string[];
  /** Milliseconds since 1970 of a minute of a local date, days counted from today. */
  msOf(timeZone: string, day: number, minute: number): number;
  /** 0 for Monday. */
  weekdayOf(timeZone: string, day: number): number;
  readonly nowMs: number;
};

const minuteMs = 60_000;

/** Fills the coming week in part, and looks back at visits of the last weeks, most of them with a review. */
export function makeCalendar(business: Business, making: CalendarMaking): BusinessCalendar {
  const past = pastVisits(business, making);
  const coming = comingVisits(business, making);
  return {
    bookings: [...past, ...coming].map((visit) => bookingOf(visit, business)),
    reservations: coming.map((visit) => reservationOf(visit, business)),
    reviews: past.flatMap((visit) => (making.random.chance(0.75) ? [reviewOf(visit, business, making)] : [])),
  };
}

type Visit = {
  readonly id: string;
  readonly account: string;
  readonly service: Service;
  readonly member: StaffMember;
  readonly startMs: number;
  readonly endMs: number;
  readonly state: Booking_State.CONFIRMED | Booking_State.COMPLETED;
  /** The lane of the resource, where the service needs one. */
  readonly lane: number | undefined;
};

function pastVisits(business: Business, making: CalendarMaking): readonly Visit[] {
  const { random, newId, accounts, msOf, weekdayOf } = making;
  const count = random.between(2, 7);
  return Array.from({ length: count }, () => {
    const member = random.pick(business.staff);
    const service = serviceOf(business, member, random);
    const day = lastOpenDay(business, -random.between(2, 60), (of) => weekdayOf(business.city.timeZone, of));
    const hours = business.week[weekdayOf(business.city.timeZone, day)];
    const startMs = msOf(business.city.timeZone, day, (hours?.opens ?? 600) + 30 * random.between(0, 8));
    const endMs = startMs + service.durationMinutes * minuteMs;
    const account = random.pick(accounts);
    return { id: newId(), account, service, member, startMs, endMs, state: Booking_State.COMPLETED, lane: undefined };
  });
}

/** The day itself or the last one before it on which the business is open. */
function lastOpenDay(business: Business, day: number, weekdayOf: (day: number) => number): number {
  for (let back = 0; back < 7; back += 1) {
    if (business.week[weekdayOf(day - back)] !== undefined) return day - back;
  }
  return day;
}

function comingVisits(business: Business, making: CalendarMaking): readonly Visit[] {
  const { random, newId, accounts, msOf, weekdayOf, nowMs } = making;
  const { timeZone } = business.city;
  // When each lane of the resource is free again.
  const visits: Visit[] = [];
  for (let day = 0; day < 7; day += 1) {
    const weekday = weekdayOf(timeZone, day);
    const lanes = Array.from({ length: business.resource.capacity }, () => 0);
    // In order of the start, so that a lane that is free then stays free.
    const wishes = business.staff
      .filter((member) => isThere(business, member, weekday) && random.chance(0.4))
      .map((member) => ({
        member,
        service: serviceOf(business, member, random),
        start: startIn(business.week[weekday], random),
      }))
      .sort((a, b) => a.start - b.start);
    for (const { member, service, start } of wishes) {
      const end = start + service.durationMinutes;
      const hours = business.week[weekday];
      if (hours === undefined || !fits(hours, start, end)) continue;
      const startMs = msOf(timeZone, day, start);
      if (startMs < nowMs + 30 * minuteMs) continue;
      const needsLane = service.resourceRequirements.length > 0;
      const lane = lanes.findIndex((freeFrom) => freeFrom <= start - service.bufferBeforeMinutes);
      if (needsLane && lane === -1) continue;
      if (needsLane) lanes[lane] = end + service.bufferAfterMinutes;
      const account = random.pick(accounts);
      const endMs = startMs + service.durationMinutes * minuteMs;
      visits.push({
        ...{ id: newId(), account, service, member, startMs, endMs, state: Booking_State.CONFIRMED },
        lane: needsLane ? lane + 1 : undefined,
      });
    }
  }
  return visits;
}

/** Whether a staff member has not their own day off. */
function isThere({ schedules, week }: Business, member: StaffMember, weekday: number): boolean {
  if (week[weekday] === undefined) return false;
  const own = schedules.find(({ name }) => name === `${member.name}/schedule`);
  return own === undefined || own.weeklyHours.some(({ day }) => day === weekday + 1);
}

function startIn(hours: DayHours | undefined, random: Random): number {
  if (hours === undefined) return 0;
  return hours.opens + 30 * random.between(0, Math.max(0, Math.floor((hours.closes - hours.opens) / 30) - 1));
}

function fits({ closes, lunch }: DayHours, start: number, end: number): boolean {
  if (end > closes) return false;
  return !lunch || end <= lunchMinutes.from || start >= lunchMinutes.to;
}

/** A service that the staff member can do, and that happens at the provider's. */
function serviceOf({ services }: Business, member: StaffMember, random: Random): Service {
  const skill = random.pick(member.skills);
  const service = services.find(({ name }) => name === skill.service);
  if (service === undefined) throw new RangeError(`${member.name} has an unknown skill`);
  if (!service.atCustomer) return service;
  return (
    services.find(({ atCustomer, name }) => !atCustomer && member.skills.some((s) => s.service === name)) ?? service
  );
}

function bookingOf(visit: Visit, { provider, city }: Business): Booking {
  const { service, member } = visit;
  const startTime = timestampFromMs(visit.startMs);
  const endTime = timestampFromMs(visit.endMs);
  const createTime = madeBefore(visit);
  const price = priceOf(visit);
  return create(BookingSchema, {
    name: `${provider.name}/bookings/${visit.id}`,
    account: visit.account,
    state: visit.state,
    items: [
      {
        service: service.name,
        ...(service.displayName === undefined ? {} : { serviceDisplayName: service.displayName }),
        staffMember: member.name,
        startTime,
        endTime,
        ...(price === undefined ? {} : { price }),
      },
    ],
    startTime,
    endTime,
    timeZone: city.timeZone,
    partySize: 1,
    place: service.atCustomer ? Place.CUSTOMER : service.online ? Place.ONLINE : Place.PROVIDER,
    paymentMethod: PaymentMethod.CASH,
    confirmTime: createTime,
    createTime,
    updateTime: createTime,
    etag: "1",
  });
}

/** The staff member's own price, or the service's. */
function priceOf({ service, member }: Visit) {
  return member.skills.find((skill) => skill.service === service.name)?.price ?? service.price;
}

function reservationOf(visit: Visit, { provider, resource }: Business): Reservation {
  const startTime = timestampFromMs(visit.startMs);
  const endTime = timestampFromMs(visit.endMs);
  const createTime = madeBefore(visit);
  return create(ReservationSchema, {
    // A reservation of the demo market has its booking's id.
    name: `${provider.name}/reservations/${visit.id}`,
    booking: `${provider.name}/bookings/${visit.id}`,
    state: Reservation_State.FIRM,
    fencingToken: 1n,
    assignments: [
      {
        service: visit.service.name,
        staffMember: visit.member.name,
        startTime,
        endTime,
        resources: visit.lane === undefined ? [] : [{ resource: resource.name, lanes: [visit.lane] }],
      },
    ],
    startTime,
    endTime,
    partySize: 1,
    createTime,
    updateTime: createTime,
  });
}

const dayMs = 86_400_000;

/** Bookings were made ten days before their visit. */
const madeBefore = ({ startMs }: Visit): Timestamp => timestampFromMs(startMs - 10 * dayMs);

function reviewOf(visit: Visit, { provider }: Business, { random, newId, nowMs }: CalendarMaking): Review {
  const chance = random.next();
  const rating = chance < 0.55 ? 5 : chance < 0.85 ? 4 : chance < 0.96 ? 3 : 2;
  const words = random.pick(reviewTexts.get(rating) ?? []);
  const languageCode = random.chance(0.6) ? "ar" : "en";
  return create(ReviewSchema, {
    name: `${provider.name}/reviews/${newId()}`,
    booking: `${provider.name}/bookings/${visit.id}`,
    rating,
    text: words[languageCode],
    languageCode,
    createTime: timestampFromMs(Math.min(nowMs, visit.endMs + dayMs / 2)),
  });
}
