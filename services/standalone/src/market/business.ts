import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type BookingRules,
  BookingRulesSchema,
  type Schedule,
  ScheduleSchema,
} from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { GenderServed, type Provider, Provider_State, ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { type Resource, Resource_State, ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { PriceType, type Service, Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { type StaffMember, StaffMember_State, StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { LocalizedTextSchema } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import { descriptionOf, extras, titles } from "./details.ts";
import { businessNames, familyNames, givenNames } from "./names.ts";
import type { Bilingual, City, District } from "./places.ts";
import type { Random } from "./random.ts";
import type { Offer, Trade } from "./trades.ts";

/** A provider of the demo market with all that belongs to it, its calendar excepted. */
export type Business = {
  readonly city: City;
  readonly trade: Trade;
  readonly provider: Provider;
  readonly services: readonly Service[];
  readonly staff: readonly StaffMember[];
  readonly resource: Resource;
  readonly schedules: readonly Schedule[];
  readonly rules: BookingRules;
  /** Opening hours of each weekday from Monday, in minutes since midnight; undefined where it is closed. */
  readonly week: readonly (DayHours | undefined)[];
};

export type DayHours = { readonly opens: number; readonly closes: number; readonly lunch: boolean };

/** What a business is made from. */
export type Plot = {
  readonly city: City;
  readonly district: District;
  readonly trade: Trade;
  /** Open every day, with enough staff to choose from: what the demo counts on. */
  readonly isShowcase: boolean;
  /** Names that the city has already. */
  readonly takenNames: Set<string>;
};

/** Every provider of the demo market was published on this day. */
const publishTime = timestampFromMs(Date.UTC(2025, 8, 1));

/** Makes a business; the same choices give the same one. */
export function makeBusiness(plot: Plot, random: Random, newId: () => string): Business {
  const { city, trade, isShowcase } = plot;
  const name = `providers/${newId()}`;
  const week = weekOf(plot, random);
  const services = servicesOf(plot, name, random, newId);
  const staff = staffOf(plot, name, services, random, newId);
  const rules = create(BookingRulesSchema, {
    name: `${name}/bookingRules`,
    slotStepMinutes: 15,
    minNoticeMinutes: isShowcase ? 30 : random.pick([30, 60, 120]),
    maxHorizonDays: random.pick([30, 60, 90]),
    hotWindowMinutes: 240,
    hotDiscountPercent: !isShowcase && random.chance(0.3) ? random.pick([10, 15, 20]) : 0,
    travelMinutes: services.some(({ atCustomer }) => atCustomer) ? 30 : 0,
  });
  return {
    city,
    trade,
    provider: providerOf(plot, name, random),
    services,
    staff,
    resource: create(ResourceSchema, {
      name: `${name}/resources/${newId()}`,
      displayName: text(trade.resourceName),
      kind: trade.resourceKind,
      capacity: trade.resourceCapacity,
      state: Resource_State.ACTIVE,
      createTime: publishTime,
      updateTime: publishTime,
      etag: "1",
    }),
    schedules: [scheduleOf(`${name}/schedule`, week), ...ownSchedules(staff, week, isShowcase, random)],
    rules,
    week,
  };
}

function providerOf({ city, district, trade, isShowcase, takenNames }: Plot, name: string, random: Random): Provider {
  const noun = random.pick(trade.nouns);
  const genderServed = random.pick(trade.gendersServed);
  return create(ProviderSchema, {
    name,
    vertical: `verticals/${trade.vertical}`,
    displayName: text(nameOf(noun, district, takenNames, random)),
    description: text(descriptionOf(noun, district.name)),
    address: {
      regionCode: city.regionCode,
      languageCode: "en",
      locality: city.name.en,
      sublocality: district.name.en,
      addressLines: [`${random.between(1, 180)} ${district.name.en} Street`],
    },
    // Within about a kilometre of the district's middle; showcases are a few streets from it.
    point: {
      latitude: round(district.latitude + (random.next() - 0.5) * (isShowcase ? 0.004 : 0.02)),
      longitude: round(district.longitude + (random.next() - 0.5) * (isShowcase ? 0.004 : 0.02)),
    },
    timeZone: city.timeZone,
    currencyCode: city.currencyCode,
    languages: city.regionCode === "US" ? ["en", ...random.sample(["ar", "es"], 1)] : ["ar", "en"],
    genderServed: GenderServed[genderServed],
    amenities: [...random.sample(trade.amenities, random.between(1, trade.amenities.length))],
    verified: isShowcase || random.chance(0.75),
    state: Provider_State.PUBLISHED,
    publishTime,
    createTime: publishTime,
    updateTime: publishTime,
    etag: "1",
  });
}

/** A name that the city does not have yet. */
function nameOf(noun: Bilingual, district: District, taken: Set<string>, random: Random): Bilingual {
  for (let attempt = 0; ; attempt += 1) {
    const own = random.pick(businessNames);
    const plain = { en: `${own.en} ${noun.en}`, ar: `${noun.ar} ${own.ar}` };
    const name =
      attempt === 0 ? plain : { en: `${plain.en}, ${district.name.en}`, ar: `${plain.ar} - ${district.name.ar}` };
    if (taken.has(name.en) && attempt < 20) continue;
    taken.add(name.en);
    return name;
  }
}

function servicesOf({ city, trade }: Plot, provider: string, random: Random, newId: () => string): readonly Service[] {
  const [first, ...others] = trade.offers;
  if (first === undefined) throw new RangeError(`${trade.vertical} offers nothing`);
  const chosen = [first, ...random.sample(others, random.between(Math.ceil(others.length / 2), others.length))];
  return chosen.map((offer) => serviceOf(offer, { city, trade }, provider, random, newId));
}

function serviceOf(
  offer: Offer,
  { city, trade }: Pick<Plot, "city" | "trade">,
  provider: string,
  random: Random,
  newId: () => string,
): Service {
  const name = `${provider}/services/${newId()}`;
  const [low, high] = offer.priceJod;
  const added = random.chance(0.4) ? (extras.get(trade.vertical) ?? []) : [];
  return create(ServiceSchema, {
    name,
    category: `categories/${offer.category}`,
    displayName: text(offer.name),
    price: priceIn(city, low + random.next() * (high - low)),
    priceType: random.chance(0.15) ? PriceType.FROM : PriceType.FIXED,
    durationMinutes: random.pick(offer.minutes),
    bufferAfterMinutes: offer.bufferAfterMinutes,
    resourceRequirements: offer.needsResource ? [{ kind: trade.resourceKind, count: 1 }] : [],
    groupCapacity: 1,
    atCustomer: offer.atCustomer === true,
    online: offer.online === true,
    addOns: added.map((extra) => ({
      name: `${name}/addOns/${newId()}`,
      displayName: text(extra.name),
      price: priceIn(city, extra.priceJod),
      durationMinutes: extra.minutes,
    })),
    minAgeYears: trade.vertical === "aesthetic-clinic" ? 18 : 0,
    state: Service_State.ACTIVE,
    createTime: publishTime,
    updateTime: publishTime,
    etag: "1",
  });
}

function staffOf(
  { city, trade, isShowcase }: Plot,
  provider: string,
  services: readonly Service[],
  random: Random,
  newId: () => string,
): readonly StaffMember[] {
  const people = trade.vertical === "barber" ? men : trade.vertical === "salon" ? women : givenNames;
  const count = isShowcase ? 3 : random.between(2, 4);
  return random.sample(people, count).map((given, place) => {
    const family = random.pick(familyNames);
    // The first two can do everything, so that there is a choice.
    const known = place < 2 ? services : random.sample(services, Math.max(1, Math.ceil(services.length / 2)));
    const isSenior = place === 0 && random.chance(0.4);
    const [senior, ordinary] = titles.get(trade.vertical) ?? [];
    const title = (place === 0 ? senior : ordinary) ?? senior;
    return create(StaffMemberSchema, {
      name: `${provider}/staff/${newId()}`,
      displayName: text({ en: `${given.en} ${family.en}`, ar: `${given.ar} ${family.ar}` }),
      ...(title === undefined ? {} : { title: text(title) }),
      skills: known.map(({ name, price }) => ({
        service: name,
        // The senior one costs more.
        ...(isSenior && price !== undefined
          ? { price: { currencyCode: price.currencyCode, amountMinor: rounded(Number(price.amountMinor) * 1.2, city) } }
          : {}),
      })),
      languages: city.regionCode === "US" ? ["en"] : ["ar", "en"],
      state: StaffMember_State.ACTIVE,
      createTime: publishTime,
      updateTime: publishTime,
      etag: "1",
    });
  });
}

function weekOf({ city, trade, isShowcase }: Plot, random: Random): readonly (DayHours | undefined)[] {
  const opens = random.pick(trade.opens);
  const closes = random.pick(trade.closes);
  const lunch = !isShowcase && random.chance(0.3);
  const isClosedAtWeekends = !isShowcase && random.chance(0.5);
  return Array.from({ length: 7 }, (_, weekday) => {
    if (!city.weekend.includes(weekday + 1)) return { opens, closes, lunch };
    // Fridays begin after prayers.
    return isClosedAtWeekends ? undefined : { opens: 14 * 60, closes: Math.max(closes, 18 * 60), lunch: false };
  });
}

/** Some staff members have a day of their own off. */
function ownSchedules(
  staff: readonly StaffMember[],
  week: readonly (DayHours | undefined)[],
  isShowcase: boolean,
  random: Random,
): readonly Schedule[] {
  return staff.flatMap(({ name }) => {
    if (isShowcase || !random.chance(0.25)) return [];
    const free = random.between(0, 6);
    return [
      scheduleOf(
        `${name}/schedule`,
        week.map((hours, weekday) => (weekday === free ? undefined : hours)),
      ),
    ];
  });
}

function scheduleOf(name: string, week: readonly (DayHours | undefined)[]): Schedule {
  return create(ScheduleSchema, {
    name,
    weeklyHours: week.flatMap((hours, weekday) =>
      hours === undefined
        ? []
        : [
            {
              // MONDAY is 1.
              day: weekday + 1,
              hours: {
                open: [{ startMinute: hours.opens, endMinute: hours.closes }],
                breaks: hours.lunch ? [{ startMinute: lunchMinutes.from, endMinute: lunchMinutes.to }] : [],
              },
            },
          ],
    ),
    updateTime: publishTime,
    etag: "1",
  });
}

/** When those who close for lunch do. */
export const lunchMinutes = { from: 13 * 60, to: 14 * 60 } as const;

/** A text in both languages, as the contract has it. */
const text = ({ en, ar }: Bilingual) => create(LocalizedTextSchema, { texts: { en, ar } });

/** What so many dinars cost in a city, rounded to the step of its prices. */
function priceIn(city: City, jod: number) {
  return { currencyCode: city.currencyCode, amountMinor: rounded((jod / 10) * city.tenJodMinor, city) };
}

function rounded(minor: number, { priceStepMinor }: City): bigint {
  return BigInt(Math.max(1, Math.round(minor / priceStepMinor)) * priceStepMinor);
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;

const women = givenNames.filter((_, index) => index < 10 || (index >= 20 && index < 25));
const men = givenNames.filter((given) => !women.includes(given));
