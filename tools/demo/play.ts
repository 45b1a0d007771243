import { randomUUID } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { AvailabilityService, type Slot } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import {
  type Booking,
  Booking_State,
  BookingService,
  PaymentMethod,
  SlotConflictSchema,
} from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import type { Money } from "@dawr/gen/dawr/type/v1/money_pb.js";
import { ErrorInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { waitForMail } from "../journey/mailbox.ts";
import { payOnPage } from "../journey/pay.ts";
import { join } from "../journey/people.ts";
import { publicClient, type Urls } from "../journey/platform-client.ts";
import { waitForBooking } from "../journey/watch-booking.ts";
import type { Story } from "./story.ts";

/** The middle of Abdali, Amman. */
export const abdali = { latitude: 31.9622, longitude: 35.9106 };
const dayMs = 86_400_000;

/** Plays the platform's main job through the public door; throws at the first step that differs. */
export async function play(urls: Urls, { step, expect }: Story): Promise<void> {
  const layla = await step(
    "Layla registers by e-mail and logs in",
    () => join(urls, "ليلى", "ar"),
    ({ email }) => email,
  );
  const search = publicClient(urls, SearchService, layla);
  const found = await step(
    "she searches for a barber near Abdali, Amman",
    () => search.searchProviders({ point: abdali, radiusMetres: 5_000, vertical: "verticals/barber", pageSize: 20 }),
    ({ results }) =>
      `${results.length} found, first ${results[0]?.displayName?.texts.ar ?? ""} at ${Math.round(results[0]?.distanceMetres ?? 0)} m`,
  );
  expect(found.results.length > 0, "nothing was found near Abdali");

  const choice = await step(
    "she looks for times with two staff members",
    () =>
      chooseProvider(
        urls,
        found.results.map(({ provider }) => provider),
      ),
    ({ serviceName, slotsOfTwo }) => `${serviceName}, ${slotsOfTwo[0]?.length} and ${slotsOfTwo[1]?.length} free times`,
  );
  const slot = choice.slot;
  const bookings = publicClient(urls, BookingService, layla);
  const items = [
    {
      service: choice.service,
      staffChoice: { case: "staffMember" as const, value: slot.assignments[0]?.staffMember ?? "" },
    },
  ];
  const wish = {
    provider: choice.provider,
    items,
    ...(slot.startTime === undefined ? {} : { startTime: slot.startTime }),
  };
  const held = await step(
    "she holds one of them",
    () => bookings.holdSlot({ ...wish, requestId: randomUUID() }),
    ({ booking }) => `${slot.providerLocalStart}, held until ${clock(booking)}`,
  );
  const name = held.booking?.name ?? "";
  const quote = await step(
    "she asks for the price",
    () => bookings.quoteBooking({ ...wish, paymentMethod: PaymentMethod.ONLINE }),
    ({ price }) => `${text(price?.total)} with tax and fee`,
  );

  const sam = await step(
    "Sam registers too, in English",
    () => join(urls, "Sam", "en"),
    ({ email }) => email,
  );
  const refusal = await step(
    "he wants the same time and is told that it is taken",
    () => refusalOf(() => publicClient(urls, BookingService, sam).holdSlot({ ...wish, requestId: randomUUID() })),
    ({ reason, alternatives }) =>
      `${reason}; instead ${alternatives.map(({ providerLocalStart }) => providerLocalStart).join(", ")}`,
  );
  expect(refusal.alternatives.length === 3, `${refusal.alternatives.length} alternatives were given, not three`);

  const created = await step(
    "Layla books at the quoted price",
    () =>
      bookings.createBooking({
        name,
        quoteToken: quote.quoteToken,
        paymentMethod: PaymentMethod.ONLINE,
        requestId: randomUUID(),
      }),
    ({ payment }) => `pay at ${payment?.payUrl ?? ""}`,
  );
  expect(
    created.state === Booking_State.PENDING_PAYMENT,
    `the booking is ${Booking_State[created.state]} before it is paid`,
  );
  expect(created.price?.total?.amountMinor === quote.price?.total?.amountMinor, "the price is not the quoted one");
  const payUrl = created.payment?.payUrl ?? "";
  await step("she pays on the sandbox's page, with 3-D Secure", () => payOnPage(payUrl, "challenge"));
  await step(
    "the webhook comes, and the booking is confirmed",
    () => waitForBooking(urls, layla, name, isConfirmed),
    () => name,
  );
  const confirmation = await step(
    "the confirmation arrives in Arabic",
    () => waitForMail(urls, layla.email, ({ text: body }) => !/\b\d{6}\b/.test(body) && isArabic(body)),
    ({ subject }) => subject,
  );
  expect(confirmation.html?.includes('dir="rtl"') === true, "the Arabic e-mail is not laid out right to left");

  const other = refusal.alternatives[0];
  await step(
    "Sam takes the first alternative and pays",
    () => bookAndPay(urls, sam, choice.provider, choice.service, other),
    () => other?.providerLocalStart ?? "",
  );
  await step(
    "his confirmation arrives in English",
    () => waitForMail(urls, sam.email, ({ subject, text: body }) => !isArabic(subject) && !/\b\d{6}\b/.test(body)),
    ({ subject }) => subject,
  );

  const cost = await step(
    "Layla asks what cancelling costs",
    () => bookings.quoteCancellation({ name }),
    ({ penalty, refund }) => `${text(penalty)}, she gets back ${text(refund)}`,
  );
  expect(cost.penalty?.amountMinor === 0n, "cancelling inside the free window is not free");
  await step("she cancels", () =>
    bookings.cancelBooking({
      name,
      ...(cost.penalty === undefined ? {} : { acceptedPenalty: cost.penalty }),
      reason: "plans changed",
      requestId: randomUUID(),
    }),
  );
  const refunded = await step(
    "the money goes back",
    () => waitForBooking(urls, layla, name, ({ payment }) => payment?.refunded !== undefined),
    ({ payment }) => text(payment?.refunded),
  );
  expect(refunded.payment?.refunded?.amountMinor === quote.price?.total?.amountMinor, "not everything went back");
  await step(
    "and the time is free again",
    () => untilFree(urls, wish.provider, items, slot),
    () => slot.providerLocalStart,
  );
}

type Choice = {
  readonly provider: string;
  readonly service: string;
  readonly serviceName: string;
  readonly slot: Slot;
  readonly slotsOfTwo: readonly (readonly Slot[])[];
};

/** The first provider where two staff members have free times far enough ahead to be cancelled for nothing. */
async function chooseProvider(urls: Urls, providers: readonly string[]): Promise<Choice> {
  const menu = publicClient(urls, ServiceMenuService);
  const people = publicClient(urls, StaffService);
  const availability = publicClient(urls, AvailabilityService);
  for (const provider of providers) {
    const [{ services }, { staffMembers }] = await Promise.all([
      menu.listServices({ parent: provider }),
      people.listStaffMembers({ parent: provider }),
    ]);
    for (const service of services) {
      const able = staffMembers
        .filter(({ skills }) => skills.some((skill) => skill.service === service.name))
        .slice(0, 2);
      if (able.length < 2) continue;
      const from = Date.now() + 2 * dayMs;
      const slotsOfTwo = await Promise.all(
        able.map(async (member) => {
          const { slots } = await availability.findSlots({
            provider,
            items: [{ service: service.name, staffChoice: { case: "staffMember", value: member.name } }],
            startTime: timestampFromMs(from),
            endTime: timestampFromMs(from + 14 * dayMs),
          });
          return slots;
        }),
      );
      const slot = slotsOfTwo[0]?.[0];
      if (slot !== undefined && slotsOfTwo.every((slots) => slots.length > 3)) {
        return { provider, service: service.name, serviceName: service.displayName?.texts.en ?? "", slot, slotsOfTwo };
      }
    }
  }
  throw new Error("the story differs: no provider near Abdali has two staff members with free times");
}

async function bookAndPay(
  urls: Urls,
  person: Parameters<typeof waitForBooking>[1],
  provider: string,
  service: string,
  slot: Slot | undefined,
): Promise<Booking> {
  const bookings = publicClient(urls, BookingService, person);
  const staffMember = slot?.assignments[0]?.staffMember ?? "";
  const { booking } = await bookings.holdSlot({
    provider,
    items: [{ service, staffChoice: { case: "staffMember", value: staffMember } }],
    ...(slot?.startTime === undefined ? {} : { startTime: slot.startTime }),
    requestId: randomUUID(),
  });
  const name = booking?.name ?? "";
  const created = await bookings.createBooking({ name, paymentMethod: PaymentMethod.ONLINE, requestId: randomUUID() });
  await payOnPage(created.payment?.payUrl ?? "");
  return await waitForBooking(urls, person, name, isConfirmed);
}

async function refusalOf(
  call: () => Promise<unknown>,
): Promise<{ readonly reason: string; readonly alternatives: readonly Slot[] }> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const conflict = error.findDetails(SlotConflictSchema)[0];
    const reason = error.findDetails(ErrorInfoSchema)[0]?.reason ?? error.message;
    if (conflict !== undefined) return { reason, alternatives: conflict.alternatives };
    throw error;
  }
  throw new Error("the story differs: two people hold the same time");
}

/** The time is given back by a step of the saga, a moment after the booking is cancelled. */
async function untilFree(
  urls: Urls,
  provider: string,
  items: { readonly service: string; readonly staffChoice: { case: "staffMember"; value: string } }[],
  slot: Slot,
): Promise<void> {
  const availability = publicClient(urls, AvailabilityService);
  const until = performance.now() + 10_000;
  const startMs = slot.startTime === undefined ? 0 : timestampMs(slot.startTime);
  for (;;) {
    const { slots } = await availability.findSlots({
      provider,
      items,
      startTime: timestampFromMs(startMs),
      endTime: timestampFromMs(startMs + 60_000),
    });
    if (slots.some(({ startTime }) => startTime !== undefined && timestampMs(startTime) === startMs)) return;
    if (performance.now() > until) throw new Error("the story differs: the time is not free again");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isConfirmed = ({ state }: Booking): boolean => state === Booking_State.CONFIRMED;
const isArabic = (words: string): boolean => /[\u0600-\u06ff]/.test(words);

function clock(booking: Booking | undefined): string {
  const time = booking?.holdExpireTime;
  return time === undefined ? "" : `${new Date(timestampMs(time)).toISOString().slice(11, 19)} UTC`;
}

function text(money: Money | undefined): string {
  if (money === undefined) return "";
  const digits = money.currencyCode === "JOD" ? 3 : 2;
  const padded = money.amountMinor.toString().padStart(digits + 1, "0");
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)} ${money.currencyCode}`;
}
