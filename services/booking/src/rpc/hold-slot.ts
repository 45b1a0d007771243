import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Reservation, ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import {
  BookingService,
  type HoldSlotRequest,
  type HoldSlotResponse,
  HoldSlotResponseSchema,
  SlotConflictSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { attachDetail, callOf, outgoing, PlatformError, reasonOf, requireActor } from "@dawr/rpc";
import { derivedRequestId, type KeyRing, once, replayed, type Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { BookingItem } from "../domain/booking.ts";
import { BookingError, isReason } from "../domain/errors.ts";
import { holdBooking } from "../domain/hold-booking.ts";
import { type BookingKey, bookingName, idOf, requireBelow } from "../names.ts";
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

/** Refusals that mean: somebody was faster, or the calendar has changed; the caller is shown what else there is. (BK-04) */
const conflicts: ReadonlySet<string> = new Set(["SLOT_TAKEN", "SLOT_NOT_OFFERED"]);

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
      throw await refusal(deps, request, error, context);
    });

    const answer = await once(store, call, async (tx) => {
      const expireTime = instant(reservation.expireTime);
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

/** Availability's refusal in booking's words, with the three nearest alternatives where somebody was faster. (BK-04) */
async function refusal(
  deps: HoldDeps,
  request: HoldSlotRequest,
  error: unknown,
  context: HandlerContext,
): Promise<unknown> {
  const known = reasonOf(error);
  if (known === undefined || known.domain !== "availability.dawr" || !isReason(known.reason)) return error;
  const own = new BookingError(known.reason, known.metadata, { cause: error });
  if (!conflicts.has(known.reason) || request.startTime === undefined) return own;
  const { provider, items, startTime, partySize, maxGapMinutes } = request;
  const wish = { provider, items, startTime, partySize, maxGapMinutes, count: 3 };
  const alternatives = await deps.reservations.findAlternatives(wish, outgoing(context)).then(
    ({ slots }) => slots,
    (failure: unknown) => {
      // That the slot is gone is the answer, also when nobody can say what else there is.
      deps.log.warn({ err: failure }, "no alternatives could be found for a slot that was lost");
      return [];
    },
  );
  return attachDetail(own, SlotConflictSchema, { startTime, alternatives });
}

function itemsOf(reservation: Reservation, wished: readonly SlotItem[]): readonly BookingItem[] {
  return reservation.assignments.map((assignment, index) => ({
    serviceId: idOf(assignment.service),
    staffId: idOf(assignment.staffMember),
    isStaffChosen: wished[index]?.staffChoice.case === "staffMember",
    startTime: instant(assignment.startTime),
    endTime: instant(assignment.endTime),
    serviceName: {},
    addOnNames: [...(wished[index]?.addOns ?? [])],
    priceMinor: 0n,
    feeMinor: 0n,
    policy: undefined,
  }));
}

function instant(time: Reservation["startTime"]): Temporal.Instant {
  if (time === undefined) throw new TypeError("availability answered a reservation without its times");
  return Temporal.Instant.fromEpochMilliseconds(timestampMs(time));
}
