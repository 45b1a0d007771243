import type { Message } from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import {
  Booking_State,
  type Booking as BookingMessage,
  BookingSchema,
  Place,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { Tx } from "@dawr/store";
import { idOf, parseBookingName } from "./names.ts";

/** Loads whole bookings in bulk, without events: whoever keeps copies loads the same. Known ones are left as they are. */
export async function importBookings(tx: Tx, resources: readonly Message[]): Promise<void> {
  const bookings = resources.filter((resource) => isMessage(resource, BookingSchema));
  if (bookings.length === 0) return;
  await tx.query(
    `insert into booking (provider_id, id, customer_id, version, state, payment_state, start_time, end_time, time_zone,
       party_size, place, items, reservation_name, fencing_token, hold_expire_time, confirm_time, create_time, update_time)
     select provider_id, id, customer_id, 1, state, 'NONE', start_time, end_time, time_zone, party_size, place, items,
       reservation_name, 1, create_time, create_time, create_time, create_time
     from jsonb_to_recordset($1::jsonb) as b (provider_id uuid, id uuid, customer_id uuid, state text, start_time timestamptz,
       end_time timestamptz, time_zone text, party_size int, place text, items jsonb, reservation_name text, create_time timestamptz)
     on conflict do nothing`,
    [JSON.stringify(bookings.map(rowOf))],
  );
}

function rowOf(booking: BookingMessage) {
  const { providerId, id } = parseBookingName(booking.name);
  return {
    provider_id: providerId,
    id,
    customer_id: idOf(booking.account),
    state: Booking_State[booking.state],
    start_time: text(booking.startTime),
    end_time: text(booking.endTime),
    time_zone: booking.timeZone,
    party_size: Math.max(1, booking.partySize),
    place: Place[booking.place === Place.UNSPECIFIED ? Place.PROVIDER : booking.place],
    // A reservation that was imported with its booking has the booking's id.
    reservation_name: `providers/${providerId}/reservations/${id}`,
    create_time: text(booking.createTime ?? booking.startTime),
    items: booking.items.map((item) => ({
      serviceId: idOf(item.service),
      staffId: idOf(item.staffMember),
      isStaffChosen: true,
      startTime: text(item.startTime),
      endTime: text(item.endTime),
      serviceName: { ...item.serviceDisplayName?.texts },
      addOnNames: item.addOns,
      priceMinor: String(item.price?.amountMinor ?? 0n),
      feeMinor: "0",
    })),
  };
}

function text(time: BookingMessage["startTime"]): string {
  return Temporal.Instant.fromEpochMilliseconds(time === undefined ? 0 : timestampMs(time)).toString();
}
