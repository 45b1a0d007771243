import type { Place } from "./place.ts";
import type { Policy } from "./policy.ts";
import type { Price } from "./price.ts";

/** The states of BK-01, with the moves that decisions allow in `moves.ts`. */
export type State =
  | "HELD"
  | "PENDING_PAYMENT"
  | "PENDING_APPROVAL"
  | "CONFIRMED"
  | "CHECKED_IN"
  | "COMPLETED"
  | "CANCELLED"
  | "DECLINED"
  | "EXPIRED"
  | "RELEASED"
  | "NO_SHOW";

/** Where the money of a booking is, as far as the payment service has told. */
export type PaymentState = "NONE" | "PENDING" | "PAID" | "FAILED" | "REFUNDING" | "REFUNDED" | "REFUND_FAILED";

/** How the customer pays. */
export type PaymentMethod = "ONLINE" | "CASH";

/** Why a booking expired. */
export type ExpireReason = "HOLD_LAPSED" | "PAYMENT_TIMED_OUT" | "PAYMENT_FAILED" | "PAID_TOO_LATE";

/** On whose behalf somebody acts. */
export type Side = "CUSTOMER" | "PROVIDER" | "PLATFORM";

/** Who ended a booking. */
export type CancelledBy = Side;

/** A text in several languages, by BCP 47 tag. */
export type LocalizedText = Readonly<Record<string, string>>;

/** One service of a booking, with who serves it and when; instants in UTC. */
export type BookingItem = {
  readonly serviceId: string;
  readonly staffId: string;
  /** Whether the customer asked for this staff member, instead of whoever is free. */
  readonly isStaffChosen: boolean;
  readonly startTime: Temporal.Instant;
  readonly endTime: Temporal.Instant;
  /** Frozen when the booking is created; empty while it is only held. */
  readonly serviceName: LocalizedText;
  readonly addOnNames: readonly string[];
  /** Add-ons included, discount taken off, before tax and fee. */
  readonly priceMinor: bigint;
  readonly feeMinor: bigint;
  /** The service's own terms, frozen with it; undefined while it is only held. */
  readonly policy: Policy | undefined;
};

/** What not everybody may read, encrypted; undefined where nothing is said. (ID-12) */
export type Sealed = {
  /** Under the customer's key. */
  readonly customerNote: Uint8Array | undefined;
  readonly address: Uint8Array | undefined;
  readonly dependentDetails: Uint8Array | undefined;
  /** Under the provider's key. */
  readonly providerNote: Uint8Array | undefined;
  readonly joiningUrl: Uint8Array | undefined;
};

/** Nothing is said. */
export const nothingSealed: Sealed = {
  customerNote: undefined,
  address: undefined,
  dependentDetails: undefined,
  providerNote: undefined,
  joiningUrl: undefined,
};

/** What availability gave for the time of a booking. */
export type ReservationRef = { readonly name: string; readonly fencingToken: bigint };

/** A booking, whole. */
export type Booking = {
  readonly id: string;
  readonly providerId: string;
  readonly customerId: string;
  /** Grows by one at each change; the sequence of its events. */
  readonly version: bigint;
  readonly state: State;
  readonly items: readonly BookingItem[];
  readonly startTime: Temporal.Instant;
  readonly endTime: Temporal.Instant;
  readonly partySize: number;
  readonly timeZone: string;
  /** The customer's child or pet for whom it is; undefined for the customer. (BK-06) */
  readonly dependentId: string | undefined;
  /** Undefined while it is only held. */
  readonly place: Place | undefined;
  readonly sealed: Sealed;
  readonly reservation: ReservationRef;
  readonly holdExpireTime: Temporal.Instant;
  readonly price: Price | undefined;
  /** The terms as a whole: of each the strictest of the items'. */
  readonly policy: Policy | undefined;
  readonly payment: { readonly name: string; readonly payUrl: string } | undefined;
  readonly paymentState: PaymentState;
  readonly paymentMethod: PaymentMethod | undefined;
  readonly payTime: Temporal.Instant | undefined;
  readonly refund: Refund | undefined;
  readonly expireReason: ExpireReason | undefined;
  readonly confirmTime: Temporal.Instant | undefined;
  readonly cancellation: Cancellation | undefined;
  /** How often the customer has moved it. */
  readonly rescheduleCount: number;
  readonly createTime: Temporal.Instant;
  readonly updateTime: Temporal.Instant;
};

/** What goes back to the customer, in minor units of the currency that was paid. */
export type Refund = {
  readonly currencyCode: string;
  /** What is to go back in all; nothing while the booking stands. */
  readonly dueMinor: bigint;
  /** What has gone back so far, by hand included. */
  readonly doneMinor: bigint;
};

/** How a booking was cancelled, and what that cost. */
export type Cancellation = {
  readonly by: CancelledBy;
  readonly time: Temporal.Instant;
  readonly reason: string;
  readonly penaltyMinor: bigint;
  readonly refundMinor: bigint;
};

/** An amount in minor units of its currency. */
export type Money = { readonly amountMinor: bigint; readonly currencyCode: string };

/** What follows outside the database once a change is stored: the saga's next network calls. */
export type NextStep =
  | { readonly name: "confirm-reservation" }
  | { readonly name: "release-reservation"; readonly reservation: ReservationRef }
  | { readonly name: "cancel-payment"; readonly payment: string }
  | ({ readonly name: "refund-payment"; readonly payment: string; readonly cause: string } & Money)
  | { readonly name: "retake-slot" };

/** One decision: the booking after it, the event that tells of it, and the steps that follow. */
export type Change = {
  readonly booking: Booking;
  /** Undefined where nobody outside has to know. */
  readonly event: EventKind | undefined;
  readonly steps: readonly NextStep[];
  readonly reason: string;
};

/** The events of dawr.booking.v1 that this service can tell. */
type EventKind =
  | "BookingHeld"
  | "BookingReleased"
  | "BookingCreated"
  | "BookingConfirmed"
  | "BookingRescheduled"
  | "BookingCancelled"
  | "BookingExpired";
