import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { BookingService, PaymentMethod, Place } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type Service, ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { StaffMember } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { Vertical_DependentKind as Kind } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { MembershipSchema } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { AuthenticationService, RegisterRequestSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { DependentService } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import { reasonOf } from "@dawr/rpc";
import { type Platform, testPlatform } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { demoMarket } from "../src/market/market.ts";
import { services } from "../src/services.ts";
import { settingsOf } from "./market-platform.ts";

const password = "violet-harbour-tram-41";
const salonOfTheDemo = demoMarket(1, Temporal.Now.instant()).businesses.find(({ trade }) => trade.vertical === "salon");
if (salonOfTheDemo === undefined) throw new Error("the demo market has no salon");
const salon = salonOfTheDemo;
const [visit, other] = [serviceThat((one) => one.atCustomer), serviceThat((one) => !one.atCustomer)];
const member = staffFor(visit, other);
const address = { regionCode: "JO", locality: "Amman", addressLines: ["12 Rainbow Street"] };

let platform: Platform;
let layla: string;
let owner: string;

beforeAll(async () => {
  platform = await testPlatform(services, {
    ports: ["GATEWAY_PORT", "SANDBOX_PORT", "SANDBOX_SMTP_PORT"],
    env: settingsOf,
  });
  const [laylas, owners] = [randomUUID(), randomUUID()];
  await platform.importResources([
    ...[laylas, owners].map(registration),
    create(MembershipSchema, {
      name: `${salon.provider.name}/members/${owners}`,
      account: `accounts/${owners}`,
      role: Role.PROVIDER,
    }),
    ...[salon.provider, ...salon.services, ...salon.staff, salon.resource, ...salon.schedules, salon.rules],
  ]);
  [layla, owner] = await Promise.all([tokenOf(laylas), tokenOf(owners)]);
}, 120_000);

afterAll(() => platform?.stop());

describe("given a salon whose staff come to the customer (BK-06, BK-13)", () => {
  test("when it is booked for a child, then the address is needed, the salon sees what it must, and travel is kept free", async () => {
    const travel = 45;
    await platform.client(ScheduleService, { token: owner }).updateBookingRules({
      bookingRules: { name: `${salon.provider.name}/bookingRules`, travelMinutes: travel, slotStepMinutes: 15 },
      updateMask: { paths: ["travel_minutes", "slot_step_minutes"] },
      requestId: randomUUID(),
    });
    const mine = platform.client(BookingService, { token: layla });
    const theirs = platform.client(BookingService, { token: owner });
    const dependents = platform.client(DependentService, { token: layla });
    const [child, cat] = await Promise.all(
      [
        { kind: Kind.CHILD, displayName: "زينة", birthDate: { year: 2018, month: 9, day: 3 } },
        { kind: Kind.PET, displayName: "مشمش", species: "cat" },
      ].map((dependent) => dependents.createDependent({ parent: "accounts/me", dependent, requestId: randomUUID() })),
    );
    const startTime = await freeStart(visit, other, [travel - 15, travel]);
    const { name } = await hold(visit, startTime);
    const book = (more: object) =>
      mine.createBooking({ name, paymentMethod: PaymentMethod.CASH, requestId: randomUUID(), ...more });
    expect(await book({ dependent: child?.name ?? "" }).catch(reasonOf)).toMatchObject({ reason: "ADDRESS_REQUIRED" });
    expect(await book({ dependent: cat?.name ?? "", address }).catch(reasonOf)).toMatchObject({
      reason: "DEPENDENT_KIND_NOT_SERVED",
    });
    const customerNote = "third floor, no lift";
    const booked = await book({ dependent: child?.name ?? "", address, customerNote });
    const seen = {
      place: Place.CUSTOMER,
      dependent: child?.name,
      dependentDetails: { kind: Kind.CHILD, displayName: "زينة" },
      address,
      customerNote,
    };
    expect(booked).toMatchObject(seen);
    await dependents.deleteDependent({ name: child?.name ?? "", requestId: randomUUID() });
    expect(await theirs.getBooking({ name })).toMatchObject(seen);

    const end = booked.endTime === undefined ? 0 : timestampMs(booked.endTime);
    expect(await isFree(other, end + (travel - 15) * 60_000)).toBe(false);
    expect(await isFree(other, end + travel * 60_000)).toBe(true);
  }, 60_000);

  test("when a service moves online, then its bookings do, and customers find the link that the salon gives", async () => {
    const menu = platform.client(ServiceMenuService, { token: owner });
    await menu.updateService({
      service: { name: visit.name, online: true },
      updateMask: { paths: ["at_customer", "online"] },
      requestId: randomUUID(),
    });
    const startTime = await freeStart(visit, visit, []);
    const mine = platform.client(BookingService, { token: layla });
    const { name } = await hold(visit, startTime);
    const booked = await mine.createBooking({ name, paymentMethod: PaymentMethod.CASH, requestId: randomUUID() });
    expect(booked).toMatchObject({ place: Place.ONLINE, joiningUrl: "" });
    const joiningUrl = "https://meet.example/abc";
    await platform.client(BookingService, { token: owner }).updateBooking({
      booking: { name, joiningUrl, etag: booked.etag },
      updateMask: { paths: ["joining_url"] },
      requestId: randomUUID(),
    });
    expect(await mine.getBooking({ name })).toMatchObject({ joiningUrl, customerNote: "" });
  }, 60_000);
});

function serviceThat(is: (service: Service) => boolean): Service {
  const found = salon.services.find((service) => is(service));
  if (found === undefined) throw new Error("the salon has no such service");
  return found;
}

function staffFor(...wanted: readonly Service[]): StaffMember {
  const able = salon.staff.find(({ skills }) =>
    wanted.every(({ name }) => skills.some(({ service }) => service === name)),
  );
  if (able === undefined) throw new Error("nobody can do all that");
  return able;
}

const itemsOf = (service: Service) => [
  { service: service.name, staffChoice: { case: "staffMember" as const, value: member.name } },
];

async function hold(service: Service, startTimeMs: number) {
  const { booking } = await platform.client(BookingService, { token: layla }).holdSlot({
    provider: salon.provider.name,
    items: itemsOf(service),
    startTime: timestampFromMs(startTimeMs),
    requestId: randomUUID(),
  });
  if (booking === undefined) throw new Error("no booking was answered");
  return booking;
}

async function slotsOf(service: Service, fromMs: number, toMs: number) {
  const { slots } = await platform.client(AvailabilityService).findSlots({
    provider: salon.provider.name,
    items: itemsOf(service),
    startTime: timestampFromMs(fromMs),
    endTime: timestampFromMs(toMs),
  });
  return slots;
}

const isFree = async (service: Service, startMs: number) =>
  (await slotsOf(service, startMs, startMs + 60_000)).length === 1;

/** A start after which another service could follow, as far as nobody comes to it, after each of these pauses in minutes. */
async function freeStart(service: Service, next: Service, pauses: readonly number[]): Promise<number> {
  const fromMs = Temporal.Now.instant().add({ hours: 24 }).epochMilliseconds;
  const untilMs = fromMs + 8 * 86_400_000;
  const [slots, following] = await Promise.all([slotsOf(service, fromMs, untilMs), slotsOf(next, fromMs, untilMs)]);
  const msOf = (time: Timestamp | undefined) => (time === undefined ? 0 : timestampMs(time));
  const followingMs = new Set(following.map(({ startTime }) => msOf(startTime)));
  const slot = slots.find(({ endTime }) =>
    pauses.every((minutes) => followingMs.has(msOf(endTime) + minutes * 60_000)),
  );
  if (slot === undefined) throw new Error("the salon has no such free slot");
  return msOf(slot.startTime);
}

function registration(id: string) {
  return create(RegisterRequestSchema, {
    requestId: id,
    email: `${id}@example.com`,
    displayName: "ليلى",
    locale: "ar",
    password,
    birthDate: { year: 1990, month: 5, day: 4 },
  });
}

async function tokenOf(id: string): Promise<string> {
  const { outcome } = await platform.client(AuthenticationService).logIn({
    email: `${id}@example.com`,
    credential: { case: "password", value: password },
    deviceName: "phone",
    requestId: randomUUID(),
  });
  return outcome.case === "tokens" ? outcome.value.accessToken : "";
}
