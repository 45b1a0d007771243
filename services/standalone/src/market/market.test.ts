import { createHash } from "node:crypto";
import { createRegistry, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { ReservationSchema } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { BookingRulesSchema, ScheduleSchema } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { BookingSchema } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { ReviewSchema } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { describe, expect, test } from "@jest/globals";
import { demoMarket, type Market } from "./market.ts";

const now = Temporal.Instant.from("2026-03-04T10:00:00Z");
const market = demoMarket(1, now);

const registry = createRegistry(
  ProviderSchema,
  ServiceSchema,
  StaffMemberSchema,
  ResourceSchema,
  ReviewSchema,
  ScheduleSchema,
  BookingRulesSchema,
  ReservationSchema,
  BookingSchema,
);

function schemaOf(message: Message): DescMessage {
  const schema = registry.getMessage(message.$typeName);
  if (schema === undefined) throw new Error(`unexpected ${message.$typeName}`);
  return schema;
}

describe("the demo market", () => {
  test("has 600 providers in four cities, each in its currency, in five verticals", () => {
    const count = (key: (business: Market["businesses"][number]) => string) =>
      Object.fromEntries(
        Map.groupBy(market.businesses, key)
          .entries()
          .map(([k, list]) => [k, list.length]),
      );
    expect(count(({ provider }) => provider.currencyCode)).toEqual({ JOD: 220, AED: 150, SAR: 130, USD: 100 });
    expect(count(({ provider }) => provider.timeZone)).toMatchObject({ "Asia/Amman": 220, "America/New_York": 100 });
    const verticals = count(({ provider }) => provider.vertical);
    expect(Object.keys(verticals).sort()).toEqual(
      ["aesthetic-clinic", "barber", "pet-clinic", "salon", "stylist"].map((v) => `verticals/${v}`),
    );
    expect(Math.min(...Object.values(verticals))).toBeGreaterThan(30);
  });

  test("keeps every rule of the contracts, and names everything in both languages", () => {
    const validator = createValidator();
    const wrong = market.resources.filter((message) => validator.validate(schemaOf(message), message).kind !== "valid");
    expect(wrong).toEqual([]);
    for (const { provider, services, staff, resource } of market.businesses) {
      for (const { displayName } of [provider, ...services, ...staff, resource]) {
        expect(displayName?.texts.en).toMatch(/\p{Script=Latin}/u);
        expect(displayName?.texts.ar).toMatch(/\p{Script=Arabic}/u);
      }
      for (const { price } of services) expect(price?.currencyCode).toBe(provider.currencyCode);
    }
  });

  test("is the same for the same seed and time, and names do not depend on the time", () => {
    const bytes = (of: Market) => {
      const hash = createHash("sha256");
      for (const message of of.resources) hash.update(toBinary(schemaOf(message), message));
      return hash.digest("hex");
    };
    expect(bytes(demoMarket(1, now))).toEqual(bytes(market));
    const later = demoMarket(1, now.add({ hours: 500 }));
    const names = (of: Market) =>
      of.businesses.map(({ provider, staff }) => [provider.name, provider.displayName, staff]);
    expect(names(later)).toEqual(names(market));
    expect(names(demoMarket(2, now))).not.toEqual(names(market));
  });

  test("ratings are those of the reviews, and ids are there once", () => {
    for (const { provider, reviews } of market.businesses) {
      const sum = reviews.reduce((total, { rating }) => total + rating, 0);
      expect(provider.rating?.count).toBe(reviews.length);
      expect(Math.round((provider.rating?.average ?? 0) * reviews.length)).toBe(sum);
    }
    const names = market.resources.map((message) => String(Reflect.get(message, "name")));
    expect(new Set(names).size).toBe(names.length);
  });

  test("no staff member and no lane is taken twice", () => {
    for (const { reservations, services } of market.businesses) {
      const until = new Map<string, number>();
      const sorted = reservations
        .flatMap(({ assignments }) => assignments)
        .sort((a, b) => seconds(a.startTime) - seconds(b.startTime));
      for (const { service, staffMember, resources, startTime, endTime } of sorted) {
        const { bufferAfterMinutes = 0 } = services.find(({ name }) => name === service) ?? {};
        for (const who of [staffMember, ...resources.map(({ resource, lanes }) => `${resource}/${lanes}`)]) {
          expect(until.get(who) ?? 0).toBeLessThanOrEqual(seconds(startTime));
          until.set(who, seconds(endTime) + bufferAfterMinutes * 60);
        }
      }
    }
  });

  test.each(Array.from({ length: 7 }, (_, day) => now.add({ hours: 24 * day + day * 3 })))(
    "seen at %s, calendars are partly full, nothing lies in the past, and near Abdali two staff members are open",
    (at) => {
      const seen = demoMarket(1, at);
      const reservations = seen.businesses.flatMap((business) => business.reservations);
      expect(reservations.length).toBeGreaterThan(2_000);
      expect(reservations.every(({ startTime }) => seconds(startTime) * 1_000 > at.epochMilliseconds)).toBe(true);
      const [salon, barber] = seen.businesses;
      for (const showcase of [salon, barber]) {
        expect(showcase?.provider.address?.sublocality).toBe("Abdali");
        expect(showcase?.staff).toHaveLength(3);
        expect(showcase?.week.every((hours) => hours !== undefined)).toBe(true);
        expect(showcase?.schedules).toHaveLength(1);
      }
      expect([salon?.trade.vertical, barber?.trade.vertical]).toEqual(["salon", "barber"]);
      expect(seen.ownedProvider).toBe(barber?.provider.name);
    },
  );
});

const seconds = (time: { readonly seconds: bigint } | undefined): number => Number(time?.seconds ?? 0n);
