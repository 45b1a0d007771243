import { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { BookingService } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PolicyService } from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config, taxTable } from "./config.ts";
import type { Policy } from "./domain/policy.ts";
import { accountConsumer } from "./events/account-consumer.ts";
import { expiryTimer } from "./events/expiry.ts";
import { paymentConsumer } from "./events/payment-consumer.ts";
import { importBookings } from "./import-bookings.ts";
import { cancelBookingRpc, quoteCancellationRpc } from "./rpc/cancel-booking.ts";
import { createBookingRpc } from "./rpc/create-booking.ts";
import { errors } from "./rpc/errors.ts";
import { holdSlot } from "./rpc/hold-slot.ts";
import { bookingOwners } from "./rpc/owner-of-booking.ts";
import { getPolicy, policiesOf, updatePolicy } from "./rpc/policy.ts";
import { quoteBooking } from "./rpc/quote-booking.ts";
import { getBooking, listBookingEvents, listBookingsRpc } from "./rpc/read-bookings.ts";
import { releaseHoldRpc } from "./rpc/release-hold.ts";
import { reassignBookingRpc, rescheduleBookingRpc } from "./rpc/reschedule-booking.ts";
import { updateBookingRpc } from "./rpc/update-booking.ts";
import { watchBookings } from "./rpc/watch-bookings.ts";
import { bookingSaga } from "./saga/saga.ts";
import { encryptedColumns } from "./store/encrypted-columns.ts";
import { pruneHolds } from "./store/hold-attempts.ts";
import { makePartitions } from "./store/partitions.ts";

/** The life of bookings: quotes, holds, the saga, cancelling by policy. */
export const booking = defineService({
  name: "booking",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  encrypted: encryptedColumns,
  errors,
  start(host) {
    const { store, keys, now, newId, auth, log, config: settings } = host;
    const reservations = host.client(ReservationService);
    const payments = host.client(PaymentService);
    const providers = host.client(ProviderService);
    const defaults: Policy = {
      freeWindowMinutes: settings.BOOKING_FREE_WINDOW_MINUTES,
      latePenaltyPercent: settings.BOOKING_LATE_PENALTY_PERCENT,
      penaltySteps: [],
      noShowPenaltyPercent: settings.BOOKING_NO_SHOW_PENALTY_PERCENT,
      depositPercent: settings.BOOKING_DEPOSIT_PERCENT,
      maxReschedules: settings.BOOKING_MAX_RESCHEDULES,
      rescheduleWindowMinutes: settings.BOOKING_RESCHEDULE_WINDOW_MINUTES,
      needsApproval: settings.BOOKING_NEEDS_APPROVAL,
      approvalMinutes: settings.BOOKING_APPROVAL_MINUTES,
      acceptsCash: true,
      refundsFee: settings.BOOKING_REFUNDS_FEE,
    };
    const menu = host.client(ServiceMenuService);
    const policies = { store, now, menu, defaults };
    const quoting = {
      keys,
      now,
      quoteLifetime: settings.BOOKING_QUOTE_LIFETIME,
      sources: {
        providers,
        menu,
        staff: host.client(StaffService),
        schedules: host.client(ScheduleService),
        payments,
        policiesOf: policiesOf(policies),
        taxBasisPoints: taxTable(settings.BOOKING_TAX),
      },
    };
    const owners = bookingOwners(store);
    const holding = {
      remember: owners.remember,
      store,
      log,
      keys,
      now,
      newId,
      reservations,
      hold: settings.BOOKING_HOLD,
      perAccount: settings.BOOKING_HOLDS_PER_ACCOUNT,
      perAddress: settings.BOOKING_HOLDS_PER_ADDRESS,
    };
    const moving = { store, keys, log, auth, now, newId, reservations };
    return {
      ownerOf: owners.ownerOf,
      implementations: [
        implement(BookingService, {
          getBooking: getBooking({ store, keys, auth }),
          listBookings: listBookingsRpc({ store, keys, auth }),
          listBookingEvents: listBookingEvents({ store, keys }),
          watchBookings: watchBookings({ store, keys, now }),
          quoteBooking: quoteBooking(quoting),
          holdSlot: holdSlot(holding),
          releaseHold: releaseHoldRpc({ store, now }),
          createBooking: createBookingRpc({
            ...quoting,
            store,
            reservations,
            payments,
            people: { keysOfPeople: host.client(KeyService), providers, verticals: host.client(VerticalService) },
          }),
          updateBooking: updateBookingRpc({ store, keys, auth, now }),
          quoteCancellation: quoteCancellationRpc({ store, keys, auth, now }),
          cancelBooking: cancelBookingRpc({ store, keys, auth, now }),
          rescheduleBooking: rescheduleBookingRpc(moving),
          reassignBooking: reassignBookingRpc(moving),
        }),
        implement(PolicyService, { getPolicy: getPolicy(policies), updatePolicy: updatePolicy(policies) }),
      ],
      consumers: [paymentConsumer({ now, log }), accountConsumer()],
      timers: [expiryTimer(store, now)],
      steps: [bookingSaga({ store, now, log, reservations, payments })],
      jobs: [
        { name: "prune-holds", schedule: "17 * * * *", run: () => store.transaction(pruneHolds) },
        { name: "make-partitions", schedule: "23 3 * * *", run: () => makePartitions(store, now(), log) },
      ],
    };
  },
  importResources: importBookings,
});
