import { describe, expect, test } from "@jest/globals";
import type { Booking, State } from "./booking.ts";
import { holdBooking } from "./hold-booking.ts";
import type { Place } from "./place.ts";
import { requireOwnSayings, updateBooking } from "./update-booking.ts";

const now = Temporal.Instant.from("2026-05-04T08:00:00Z");
const later = now.add({ minutes: 1 });
const required_states = "HELD, PENDING_PAYMENT, PENDING_APPROVAL, CONFIRMED, CHECKED_IN";
const [old, fresh] = [Uint8Array.of(1), Uint8Array.of(2)];

const item = {
  serviceId: "s",
  staffId: "t",
  isStaffChosen: true,
  startTime: now.add({ hours: 5 }),
  endTime: now.add({ hours: 6 }),
  serviceName: {},
  addOnNames: [],
  priceMinor: 0n,
  feeMinor: 0n,
  policy: undefined,
};
const held = holdBooking(
  {
    id: "b",
    providerId: "p",
    customerId: "c",
    reservation: { name: "providers/p/reservations/r", fencingToken: 7n },
    items: [item],
    partySize: 1,
    timeZone: "Asia/Dubai",
    expireTime: now.add({ minutes: 15 }),
  },
  now,
).booking;
const booking = (state: State, place: Place = "PROVIDER"): Booking => ({
  ...held,
  state,
  place,
  sealed: { ...held.sealed, customerNote: old, providerNote: old },
});

describe("given a booking in any state (BK-06)", () => {
  test.each<readonly [State, boolean]>([
    ["HELD", true],
    ["PENDING_PAYMENT", true],
    ["PENDING_APPROVAL", true],
    ["CONFIRMED", true],
    ["CHECKED_IN", true],
    ["COMPLETED", false],
    ["CANCELLED", false],
    ["DECLINED", false],
    ["EXPIRED", false],
    ["RELEASED", false],
    ["NO_SHOW", false],
  ])("when it is %s, then the customer may change their note: %s; members may change theirs", (state, may) => {
    const before = booking(state);
    const change = () => updateBooking(before, { customerNote: fresh }, later);
    if (may) {
      expect(change()).toEqual({
        booking: {
          ...before,
          sealed: { ...before.sealed, customerNote: fresh },
          version: before.version + 1n,
          updateTime: later,
        },
        event: undefined,
        steps: [],
        reason: "details changed",
      });
    } else
      expect(change).toThrow(
        expect.objectContaining({ reason: "BOOKING_STATE_WRONG", metadata: { state, required_states } }),
      );
    const { sealed } = updateBooking(before, { providerNote: undefined }, later).booking;
    expect(sealed).toEqual({ ...before.sealed, providerNote: undefined });
  });
});

describe("given a booking at any place (BK-13)", () => {
  test.each<readonly [Place, boolean]>([
    ["ONLINE", true],
    ["PROVIDER", false],
    ["CUSTOMER", false],
  ])("when it is %s, then it may have a link to join: %s; to have none it always may", (place, may) => {
    const change = () => updateBooking(booking("CONFIRMED", place), { joiningUrl: fresh }, later).booking.sealed;
    if (may) expect(change()).toMatchObject({ joiningUrl: fresh, customerNote: old });
    else expect(change).toThrow(expect.objectContaining({ reason: "NOT_ONLINE" }));
    expect(() => updateBooking(booking("CONFIRMED", place), { joiningUrl: undefined }, later)).not.toThrow();
  });
});

describe("given somebody on a side of a booking", () => {
  const [customer, member] = [
    { isCustomer: true, isMember: false },
    { isCustomer: false, isMember: true },
  ];
  test.each([
    [customer, ["customerNote"], undefined],
    [customer, ["customerNote", "providerNote"], "provider_note"],
    [customer, ["joiningUrl"], "joining_url"],
    [member, ["providerNote", "joiningUrl"], undefined],
    [member, ["providerNote", "customerNote"], "customer_note"],
    [{ isCustomer: true, isMember: true }, ["customerNote", "providerNote", "joiningUrl"], undefined],
  ] as const)("when %j changes %j, then what is not theirs is refused: %s", (sides, wanted, field) => {
    const ask = () => requireOwnSayings(wanted, sides);
    if (field === undefined) expect(ask).not.toThrow();
    else expect(ask).toThrow(expect.objectContaining({ reason: "FIELD_NOT_YOURS", metadata: { field } }));
  });
});
