import type { Calendar, OwnHours, ResourceFacts, StaffFacts } from "./calendar.ts";
import { openSpans } from "./hours.ts";
import { ALWAYS_OPEN } from "./leniency.ts";
import { closures, type Refusal } from "./refusal.ts";
import { covers, type Spans, subtract } from "./spans.ts";
import { makeUnit, timeOffSpans } from "./unit.ts";
import { DAY_MINUTES, type Minute, type ZoneLine, zoneLine } from "./zone-line.ts";

/** A live reservation of a booking, as far as it must fit the calendar. */
export type Kept = {
  readonly booking: string;
  readonly items: readonly KeptItem[];
  /** When a member put it outside of hours, if one did. */
  readonly overrideTime: Temporal.Instant | undefined;
};

type KeptItem = {
  readonly serviceId: string;
  readonly staffId: string;
  readonly from: Minute;
  readonly to: Minute;
  readonly resources: readonly { readonly resourceId: string; readonly lanes: readonly number[] }[];
};

/** When schedules, by their owner, and time off, by its id, were written last. */
export type Written = {
  readonly schedules: ReadonlyMap<string, Temporal.Instant>;
  readonly timeOff: ReadonlyMap<string, Temporal.Instant>;
};

/**
 * What keeps a booking from being where it is: hours and time off of all whom it needs (S3), staff members and resources that
 * have gone or lost the skill (S10), lanes that are no more (S9); nothing where it fits. Whoever put it outside of hours knew
 * what was written by then: of hours and time off only what is written later counts.
 */
export function conflictsOf(calendar: Calendar, written: Written, { items, overrideTime }: Kept): readonly Refusal[] {
  const from = Math.min(...items.map((item) => item.from)) - DAY_MINUTES;
  const to = Math.max(...items.map((item) => item.to)) + DAY_MINUTES;
  const line = zoneLine(calendar.zone, from, to);
  const asked = overrideTime ? writtenSince(calendar, written, overrideTime) : calendar;
  const open = subtract(openSpans(asked.schedule, line, from, to), timeOffSpans(asked.timeOff));
  return items.flatMap((item, index) => {
    const at = { item: index, staffId: item.staffId };
    const staff = asked.staff.find(({ id, active }) => active && id === item.staffId);
    const refusals: Refusal[] = [];
    if (!covers(open, item.from, item.to))
      for (const because of closures(line, asked, item.from, item.to))
        refusals.push({ ...at, clause: "S3", kind: "PROVIDER_CLOSED", because });
    if (!staff) refusals.push({ ...at, clause: "S10", kind: "GONE" });
    else {
      if (staff.skills[item.serviceId] === undefined) refusals.push({ ...at, clause: "S10", kind: "NO_STAFF" });
      if (!isOpen(staff, open, line, item))
        for (const because of closures(line, staff, item.from, item.to))
          refusals.push({ ...at, clause: "S3", kind: "STAFF_CLOSED", because });
    }
    for (const { resourceId, lanes } of item.resources) {
      const where = { ...at, unitId: resourceId };
      const resource = asked.resources.find(({ id, active }) => active && id === resourceId);
      if (!resource) {
        refusals.push({ ...where, clause: "S10", kind: "GONE" });
        continue;
      }
      if (lanes.some((lane) => lane > resource.capacity))
        refusals.push({ ...where, clause: "S9", kind: "PARTY_TOO_LARGE" });
      if (!isOpen(resource, open, line, item))
        for (const because of closures(line, resource, item.from, item.to))
          refusals.push({ ...where, clause: "S3", kind: "RESOURCE_CLOSED", because });
    }
    return refusals;
  });
}

function isOpen(
  { id, schedule, timeOff }: StaffFacts | ResourceFacts,
  providerOpen: Spans,
  line: ZoneLine,
  { from, to }: KeptItem,
): boolean {
  const unit = makeUnit(
    { id, kind: "STAFF", schedule, timeOff },
    providerOpen,
    line,
    from - DAY_MINUTES,
    to + DAY_MINUTES,
  );
  return covers(unit.open, from, to);
}

/** The calendar with the hours and the time off that were written after a moment; what is older closes nobody. */
function writtenSince(calendar: Calendar, { schedules, timeOff }: Written, since: Temporal.Instant): Calendar {
  const isLater = (time: Temporal.Instant | undefined) =>
    time !== undefined && Temporal.Instant.compare(time, since) > 0;
  const laterOff = (own: OwnHours) => own.timeOff.filter(({ id }) => isLater(timeOff.get(id)));
  const own = (id: string, hours: OwnHours): OwnHours => ({
    schedule: isLater(schedules.get(id)) ? hours.schedule : undefined,
    timeOff: laterOff(hours),
  });
  return {
    ...calendar,
    schedule: isLater(schedules.get(calendar.providerId)) ? calendar.schedule : ALWAYS_OPEN,
    timeOff: laterOff(calendar),
    staff: calendar.staff.map((staff) => ({ ...staff, ...own(staff.id, staff) })),
    resources: calendar.resources.map((resource) => ({ ...resource, ...own(resource.id, resource) })),
  };
}
