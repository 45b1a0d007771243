import { randomUUID } from "node:crypto";
import { clone, create, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type ItemAssignment, ItemAssignmentSchema } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import {
  type Reservation,
  ReservationSchema,
  ReservationService,
  type ReserveRequest,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { Provider_State, ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import {
  PriceType,
  Service_State,
  ServiceMenuService,
  type ServiceSchema,
} from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { Vertical_DependentKind, VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { type DependentSummary, KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { type Payment, PaymentSchema, PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { defineErrors, implement, type Membership, PlatformError } from "@dawr/rpc";
import { defineService, type ServiceDefinition } from "@dawr/runtime";

/** What happens to a call: the neighbour is away, does it and the answer is lost, refuses, or waits for the test. */
export type Fault =
  | { readonly kind: "away" }
  | { readonly kind: "lost answer" }
  | { readonly kind: "refuses"; readonly reason: string }
  | { readonly kind: "waits"; entered(): void; readonly until: Promise<void> };

/** The services around booking, as a test wants them. */
export type Neighbours = {
  readonly now: () => Temporal.Instant;
  /** By method; a function decides call by call. */
  readonly faults: Map<string, () => Fault | undefined>;
  /** Every call that arrived: method and request. */
  readonly calls: { readonly method: string; readonly requestId: string; readonly request: unknown }[];
  readonly reservations: Map<string, Reservation>;
  readonly payments: Map<string, Payment>;
  readonly services: Map<string, Omit<Partial<MessageShape<typeof ServiceSchema>>, "$typeName" | "$unknown">>;
  readonly staff: Map<string, { readonly services: readonly string[]; readonly priceMinor?: bigint }>;
  readonly memberships: Map<string, Pick<Membership, "provider" | "permissions">[]>;
  readonly born: Map<string, { year: number; month: number; day: number }>;
  /** By name. */
  readonly dependents: Map<string, Omit<Partial<DependentSummary>, "$typeName" | "$unknown">>;
  /** Whom the provider's vertical serves besides customers. */
  readonly dependentKinds: Vertical_DependentKind[];
  readonly rules: { hotWindowMinutes: number; hotDiscountPercent: number; feeMinor: bigint };
  readonly definitions: readonly ServiceDefinition[];
};

class Refusal extends Error {
  readonly metadata: Readonly<Record<string, string>>;
  readonly reason: string;
  constructor(reason: string, metadata: Readonly<Record<string, string>> = {}) {
    super(reason);
    this.reason = reason;
    this.metadata = metadata;
  }
}

const refusals = (domain: string, reasons: readonly string[]) =>
  defineErrors({
    domain,
    reasons: Object.fromEntries(
      reasons.map((reason) => [
        reason,
        {
          code: reason === "GATEWAY_UNAVAILABLE" ? Code.Unavailable : Code.FailedPrecondition,
          message: { en: reason, ar: reason },
        },
      ]),
    ),
  });

export const provider = "providers/0195b3c0-7d1e-7c7a-8000-0000000000a1";
export const cut = `${provider}/services/0195b3c0-7d1e-7c7a-8000-0000000000b1`;
export const talk = `${provider}/services/0195b3c0-7d1e-7c7a-8000-0000000000b2`;
export const mona = `${provider}/staff/0195b3c0-7d1e-7c7a-8000-0000000000d1`;
export const rana = `${provider}/staff/0195b3c0-7d1e-7c7a-8000-0000000000d2`;
const beard = `${cut}/addOns/0195b3c0-7d1e-7c7a-8000-0000000000e1`;

/** Neighbours that work as the real ones do, until a test says otherwise. */
export function neighbours(now: () => Temporal.Instant, jwk: string): Neighbours {
  const faults: Neighbours["faults"] = new Map();
  const calls: Neighbours["calls"] = [];
  const reservations: Neighbours["reservations"] = new Map();
  const payments: Neighbours["payments"] = new Map();
  const memberships: Neighbours["memberships"] = new Map();
  const born: Neighbours["born"] = new Map();
  const dependents: Neighbours["dependents"] = new Map();
  const dependentKinds = [Vertical_DependentKind.CHILD, Vertical_DependentKind.PET];
  const rules = { hotWindowMinutes: 0, hotDiscountPercent: 0, feeMinor: 1_000n };
  const money = (amountMinor: bigint) => ({
    $typeName: "dawr.type.v1.Money" as const,
    currencyCode: "AED",
    amountMinor,
  });
  const text = (en: string) => ({ $typeName: "dawr.type.v1.LocalizedText" as const, texts: { en } });
  const services: Neighbours["services"] = new Map([
    [cut, { displayName: text("Haircut"), price: money(10_000n), durationMinutes: 60 }],
    [talk, { displayName: text("First talk"), price: money(0n), durationMinutes: 30 }],
  ]);
  const staff: Neighbours["staff"] = new Map([
    [mona, { services: [cut, talk] }],
    [rana, { services: [cut], priceMinor: 15_000n }],
  ]);
  const answers = new Map<string, unknown>();

  /** Does a call once per request id, with what the test wants to go wrong. */
  async function serve<T>(
    method: string,
    request: { readonly requestId?: string },
    work: () => T | Promise<T>,
  ): Promise<T> {
    const { requestId = "" } = request;
    calls.push({ method, requestId, request });
    const fault = faults.get(method)?.();
    if (fault?.kind === "away") throw new PlatformError("UNAVAILABLE");
    if (fault?.kind === "refuses") throw new Refusal(fault.reason);
    const known = requestId === "" ? undefined : (answers.get(`${method} ${requestId}`) as T | undefined);
    const answer = known ?? (await work());
    if (requestId !== "") answers.set(`${method} ${requestId}`, answer);
    if (fault?.kind === "lost answer") throw new PlatformError("UNAVAILABLE");
    if (fault?.kind === "waits") {
      fault.entered();
      await fault.until;
    }
    return answer;
  }

  const isLive = ({ state, expireTime }: Reservation) =>
    state === 2 || (state === 1 && (expireTime === undefined || timestampMs(expireTime) > now().epochMilliseconds));
  const held = (name: string): Reservation => {
    const reservation = reservations.get(name);
    if (reservation === undefined) throw new PlatformError("NOT_FOUND", { name });
    return reservation;
  };
  let lastToken = 0n;
  /** Puts services one after the other, where nobody else's begin at the same time. */
  function place({ items, startTime }: Pick<ReserveRequest, "items" | "startTime">, booking: string) {
    const startMs = startTime === undefined ? 0 : timestampMs(startTime);
    let endMs = startMs;
    const assignments = items.map(({ service, staffChoice }) => {
      const fromMs = endMs;
      endMs += (services.get(service)?.durationMinutes ?? 60) * 60_000;
      return create(ItemAssignmentSchema, {
        service,
        staffMember: staffChoice.case === "staffMember" ? staffChoice.value : mona,
        startTime: timestampFromMs(fromMs),
        endTime: timestampFromMs(endMs),
      });
    });
    const beginOf = ({ staffMember, startTime: begin }: ItemAssignment) =>
      `${staffMember} ${begin === undefined ? 0 : timestampMs(begin)}`;
    const others = [...reservations.values()].filter((other) => isLive(other) && other.booking !== booking);
    const taken = new Set(others.flatMap((other) => other.assignments.map(beginOf)));
    if (assignments.some((ours) => taken.has(beginOf(ours))))
      throw new Refusal("SLOT_TAKEN", { start_time: String(startMs) });
    return { assignments, startTime: timestampFromMs(startMs), endTime: timestampFromMs(endMs) };
  }
  const paymentOf = (name: string): Payment => {
    const payment = payments.get(name);
    if (payment === undefined) throw new PlatformError("NOT_FOUND", { name });
    return payment;
  };

  const identity = defineService({
    name: "identity",
    config: {},
    errors: refusals("identity.dawr", []),
    start: () => ({
      implementations: [
        implement(KeyService, {
          async listSigningKeys() {
            return { keys: [{ keyId: "test", algorithm: "EdDSA", jwk }] };
          },
          async listRevokedSessions() {
            return { sessions: [] };
          },
          async listAccountMemberships({ parent }) {
            return {
              memberships: (memberships.get(parent) ?? []).map(({ provider: at, permissions }) => ({
                provider: at,
                permissions: [...permissions],
              })),
            };
          },
          async batchGetDependents({ names }) {
            return {
              dependents: names.flatMap((dependent) => {
                const summary = dependents.get(dependent);
                return summary === undefined ? [] : [{ ...summary, dependent }];
              }),
            };
          },
          async batchGetContacts({ accounts }) {
            return {
              contacts: accounts.map((account) => {
                const birthDate = born.get(account);
                return { account, ...(birthDate === undefined ? {} : { birthDate }) };
              }),
            };
          },
        }),
      ],
    }),
  });

  const catalog = defineService({
    name: "catalog",
    config: {},
    errors: refusals("catalog.dawr", []),
    start: () => ({
      implementations: [
        implement(ProviderService, {
          getProvider: (request) =>
            serve("getProvider", {}, () => {
              if (request.name !== provider) throw new PlatformError("NOT_FOUND", { name: request.name });
              return {
                name: provider,
                vertical: "verticals/salon",
                state: Provider_State.PUBLISHED,
                timeZone: "Asia/Dubai",
                currencyCode: "AED",
                address: { regionCode: "AE" },
              };
            }),
        }),
        implement(VerticalService, {
          async getVertical({ name }) {
            return { name, dependentKinds };
          },
        }),
        implement(ServiceMenuService, {
          async batchGetServices({ names }) {
            return {
              services: names.flatMap((name) => {
                const service = services.get(name);
                if (service === undefined) return [];
                return [
                  {
                    name,
                    state: Service_State.ACTIVE,
                    priceType: PriceType.FIXED,
                    addOns: [{ name: beard, price: money(500n), durationMinutes: 0 }],
                    ...service,
                  },
                ];
              }),
            };
          },
        }),
        implement(StaffService, {
          async batchGetStaffMembers({ names }) {
            return {
              staffMembers: names.flatMap((name) => {
                const member = staff.get(name);
                if (member === undefined) return [];
                const { priceMinor } = member;
                return [
                  {
                    name,
                    skills: member.services.map((service) => ({
                      service,
                      ...(priceMinor === undefined ? {} : { price: money(priceMinor) }),
                    })),
                  },
                ];
              }),
            };
          },
        }),
      ],
    }),
  });

  const availability = defineService({
    name: "availability",
    config: {},
    errors: refusals("availability.dawr", [
      "SLOT_TAKEN",
      "SLOT_NOT_OFFERED",
      "RESERVATION_LAPSED",
      "RESERVATION_RELEASED",
      "FENCING_TOKEN_STALE",
      "BOOKING_ALREADY_RESERVED",
      "MOVE_TOO_LATE",
      "SERVICE_NOT_BOOKABLE",
      "PROVIDER_NOT_BOOKABLE",
      "STAFF_NOT_ABLE",
      "ADD_ON_UNKNOWN",
    ]),
    start: () => ({
      implementations: [
        implement(ScheduleService, {
          async getBookingRules() {
            return { hotWindowMinutes: rules.hotWindowMinutes, hotDiscountPercent: rules.hotDiscountPercent };
          },
        }),
        implement(ReservationService, {
          reserve: (request) =>
            serve("reserve", request, () => {
              const live = [...reservations.values()].filter(isLive);
              if (live.some(({ booking }) => booking === request.booking))
                throw new Refusal("BOOKING_ALREADY_RESERVED");
              const placed = place(request, request.booking);
              const reservation = create(ReservationSchema, {
                name: `${provider}/reservations/${randomUUID()}`,
                booking: request.booking,
                state: request.holdDuration === undefined ? 2 : 1,
                fencingToken: ++lastToken,
                timeZone: "Asia/Dubai",
                ...placed,
                partySize: request.partySize,
                ...(request.holdDuration === undefined
                  ? {}
                  : {
                      expireTime: timestampFromMs(
                        now().epochMilliseconds + Number(request.holdDuration.seconds) * 1000,
                      ),
                    }),
              });
              reservations.set(reservation.name, reservation);
              return reservation;
            }),
          moveReservation: (request) =>
            serve("moveReservation", request, () => {
              const { expireTime } = request;
              if (expireTime !== undefined && timestampMs(expireTime) < now().epochMilliseconds)
                throw new Refusal("MOVE_TOO_LATE");
              const reservation = held(request.name);
              if (reservation.fencingToken !== request.fencingToken) throw new Refusal("FENCING_TOKEN_STALE");
              if (reservation.state === 3) throw new Refusal("RESERVATION_RELEASED");
              if (!isLive(reservation)) throw new Refusal("RESERVATION_LAPSED");
              Object.assign(reservation, place(request, reservation.booking), { fencingToken: ++lastToken });
              return clone(ReservationSchema, reservation);
            }),
          confirmReservation: (request) =>
            serve("confirmReservation", request, () => {
              const reservation = held(request.name);
              if (reservation.fencingToken !== request.fencingToken) throw new Refusal("FENCING_TOKEN_STALE");
              if (reservation.state === 3) throw new Refusal("RESERVATION_RELEASED");
              if (!isLive(reservation)) throw new Refusal("RESERVATION_LAPSED");
              reservation.state = 2;
              return reservation;
            }),
          releaseReservation: (request) =>
            serve("releaseReservation", request, () => {
              const reservation = held(request.name);
              if (reservation.fencingToken !== request.fencingToken) throw new Refusal("FENCING_TOKEN_STALE");
              reservation.state = isLive(reservation) || reservation.state === 3 ? 3 : 4;
              return reservation;
            }),
          findAlternatives: (request) =>
            serve("findAlternatives", { ...request, requestId: "" }, () => ({
              slots: Array.from({ length: request.count }, (_, index) => ({
                startTime: timestampFromMs(
                  (request.startTime === undefined ? 0 : timestampMs(request.startTime)) + (index + 1) * 900_000,
                ),
              })),
            })),
        }),
      ],
    }),
  });

  const payment = defineService({
    name: "payment",
    config: {},
    errors: refusals("payment.dawr", [
      "PAYMENT_EXISTS",
      "PAYMENT_STATE_WRONG",
      "REFUND_EXCEEDS_PAYMENT",
      "AMOUNTS_INCONSISTENT",
      "CURRENCY_NOT_SUPPORTED",
      "GATEWAY_UNAVAILABLE",
      "GATEWAY_REFUSED",
      "RETURN_URL_NOT_ALLOWED",
    ]),
    start: () => ({
      implementations: [
        implement(PaymentService, {
          quoteFees: (request) =>
            serve("quoteFees", {}, () => ({
              fees: request.servicePrices.map(() => money(rules.feeMinor)),
              totalFee: money(rules.feeMinor * BigInt(request.servicePrices.length)),
            })),
          createPayment: (request) =>
            serve("createPayment", request, () => {
              const earlier = [...payments.values()].find(({ booking }) => booking === request.booking);
              if (earlier !== undefined) {
                if (earlier.amounts?.total?.amountMinor !== request.amounts?.total?.amountMinor)
                  throw new Refusal("PAYMENT_EXISTS");
                return earlier;
              }
              const name = `payments/${randomUUID()}`;
              const made = create(PaymentSchema, {
                name,
                booking: request.booking,
                account: request.account,
                payUrl: `http://localhost/pay/${name}`,
                ...(request.amounts === undefined ? {} : { amounts: request.amounts }),
              });
              payments.set(name, made);
              return made;
            }),
          cancelPayment: (request) => serve("cancelPayment", request, () => paymentOf(request.name)),
          refundPayment: (request) => serve("refundPayment", request, () => paymentOf(request.name)),
        }),
      ],
    }),
  });

  return {
    now,
    faults,
    calls,
    reservations,
    payments,
    services,
    staff,
    memberships,
    born,
    dependents,
    dependentKinds,
    rules,
    definitions: [identity, catalog, availability, payment],
  };
}
