import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Booking, BookingItem } from "../domain/booking.ts";

/** The services of a booking as availability is asked for them, by the staff members given; undefined for any who can. */
export function slotItemsOf(
  { providerId, items }: Booking,
  staff: readonly (string | undefined)[] = items.map(({ staffId }) => staffId),
): SlotItem[] {
  const provider = `providers/${providerId}`;
  return items.map(({ serviceId, addOnNames }, index) => {
    const staffId = staff[index];
    return {
      $typeName: "dawr.availability.v1.SlotItem",
      service: `${provider}/services/${serviceId}`,
      staffChoice:
        staffId === undefined
          ? { case: "anyStaff", value: true }
          : { case: "staffMember", value: `${provider}/staff/${staffId}` },
      addOns: [...addOnNames],
    };
  });
}

/** In minutes; services may have become longer, but never is a pause allowed that the customer did not have. */
export function longestGap(items: readonly BookingItem[]): number {
  const gaps = items.map((item, index) => {
    const before = items[index - 1];
    return before === undefined ? 0 : item.startTime.since(before.endTime).total("minutes");
  });
  return Math.min(240, Math.max(0, ...gaps));
}
