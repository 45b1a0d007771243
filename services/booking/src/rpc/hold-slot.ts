import { create } from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Reservation, ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import {
  BookingService,
  type HoldSlotRequest,
  type HoldSlotResponse,
  HoldSlotResponseSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { callOf, outgoing, PlatformError, requireActor } from "@dawr/rpc";
import { derivedRequestId, type KeyRing, once, replayed, type Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { BookingItem } from "../domain/booking.ts";
import { holdBooking } from "../domain/hold-booking.ts";
import { type BookingKey, bookingName, idOf, requireBelow } from "../names.ts";
import { instantOf } from "../reservations/from-reservation.ts";
import { type SlotWish, slotRefusal } from "../reservations/slot-refusal.ts";
import { isRefusedForGood } from "../saga/refused-for-good.ts";
import { insertBooking } from "../store/bookings.ts";
import { beginHold, endHold, keepHold } from "../store/hold-attempts.ts";
import { bookingToProto, timestamp } from "./booking-to-proto.ts";
import type { BookingOwners } from "./owner-of-booking.ts";

/** What holding a slot needs. */
export type HoldDeps = {
  readonly store: Store;
  readonly log: Pick<Logger, "warn">;
  readonly keys: KeyRing;
  readonly now: () => Temporal.Instant;
  readonly newId: () => string;
  readonly reservations: Client<typeof ReservationService>;
  readonly hold: Temporal.Duration;
  readonly perAccount: number;
  readonly perAddress: number;
  readonly remember: BookingOwners["remember"];
};

/**
 * Holds a slot for the caller: availability reserves it, the booking is made in state HELD. The booking's id is stored
 * before availability is asked, so a request that is repeated after a crash finds its own reservation. (AV-03, BK-02, BK-03)
 */
export const holdSlot =
  (deps: HoldDeps) =>
  async (request: HoldSlotRequest, context: HandlerContext): Promise<HoldSlotResponse> => {
    const { store, now } = deps;
    const actor = requireActor(context).account;
    const call = { actor, method: BookingService.method.holdSlot, request };
    for (const { service, staffChoice } of request.items) {
      requireBelow(request.provider, service);
      if (staffChoice.case === "staffMember") requireBelow(request.provider, staffChoice.value);
    }

    const accountId = idOf(actor);
    const addressHash = deps.keys.blindIndex(callOf(context).peer, "booking.address");
    const limits = { perAccount: deps.perAccount, perAddress: deps.perAddress, hold: deps.hold };
    const { parent, name } = call.method;
    const attempt = {
      actor,
      method: `${parent.typeName}/${name}`,
      requestId: request.requestId,
      accountId,
      addressHash,
    };
    const begun = await beginHold(store, { ...attempt, ...limits }, deps.newId);
    if (begun === "ANSWERED") {
      const known = await replayed(store, call);
      if (known === undefined) throw new PlatformError("CONTENTION");
      return known;
    }
    const id = begun.bookingId;
    const key = { providerId: idOf(request.provider), id };
    const reservation = await reserve(deps, request, key, actor, context).catch(async (error: unknown) => {
      // Without an answer the slot may be reserved: then the attempt stays, for the same request to find it again.
      if (isRefusedForGood(error)) await store.transaction((tx) => endHold(tx, id));
      throw await slotRefusal(deps, wishOf(request), error, context);
    });

    const answer = await once(store, call, async (tx) => {
      const expireTime = instantOf(reservation.expireTime);
      const change = holdBooking(
        {
          ...key,
          customerId: accountId,
          reservation: { name: reservation.name, fencingToken: reservation.fencingToken },
          items: itemsOf(reservation, request.items),
          partySize: Math.max(1, request.partySize),
          timeZone: reservation.timeZone,
          expireTime,
        },
        now(),
      );
      await insertBooking(tx, change, actor);
      keepHold(tx, id, expireTime);
      return create(HoldSlotResponseSchema, { booking: bookingToProto(change.booking), serverTime: timestamp(now()) });
    });
    deps.remember({ ...key, customerId: accountId });
    return answer;
  };

async function reserve(
  deps: HoldDeps,
  request: HoldSlotRequest,
  key: BookingKey,
  account: string,
  context: HandlerContext,
): Promise<Reservation> {
  const { items, partySize, maxGapMinutes, startTime } = request;
  return await deps.reservations.reserve(
    {
      booking: bookingName(key),
      items,
      ...(startTime === undefined ? {} : { startTime }),
      partySize,
      maxGapMinutes,
      account,
      holdDuration: { seconds: BigInt(deps.hold.total("seconds")), nanos: 0 },
      // Of the booking's id, which is ours: what clients choose as request ids may be the same for two people.
      requestId: derivedRequestId(key.id, "reserve"),
    },
    outgoing(context),
  );
}

function wishOf({ provider, items, startTime, partySize, maxGapMinutes }: HoldSlotRequest): SlotWish {
  return { provider, items, ...(startTime === undefined ? {} : { startTime }), partySize, maxGapMinutes };
}

function itemsOf(reservation: Reservation, wished: readonly SlotItem[]): readonly BookingItem[] {
  return reservation.assignments.map((assignment, index) => ({
    serviceId: idOf(assignment.service),
    staffId: idOf(assignment.staffMember),
    isStaffChosen: wished[index]?.staffChoice.case === "staffMember",
    startTime: instantOf(assignment.startTime),
    endTime: instantOf(assignment.endTime),
    serviceName: {},
    addOnNames: [...(wished[index]?.addOns ?? [])],
    priceMinor: 0n,
    feeMinor: 0n,
    policy: undefined,
  }));
}
