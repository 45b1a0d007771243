import { create, type Message } from "@bufbuild/protobuf";
import { RatingSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { type Business, makeBusiness } from "./business.ts";
import { type BusinessCalendar, makeCalendar } from "./calendar.ts";
import { type City, cities } from "./places.ts";
import { type Random, seededIds, seededRandom } from "./random.ts";
import { type Trade, trades } from "./trades.ts";

/** The demo market: 600 providers with all that belongs to them. */
export type Market = {
  readonly businesses: readonly (Business & BusinessCalendar)[];
  /** Everything, for each service to take what it knows: what is referred to comes before what refers to it. */
  readonly resources: readonly Message[];
  /** The provider that a demo account owns: a barbershop near Abdali. */
  readonly ownedProvider: string;
};

/**
 * Makes the demo market. Providers, names and menus depend on the seed alone; calendars lie around `now`, whatever day of
 * the week that is.
 */
export function demoMarket(seed: number, now: Temporal.Instant): Market {
  const random = seededRandom(seed);
  const newId = seededIds(random, idsFrom);
  const all = cities.flatMap((city) => businessesOf(city, random, newId));

  // A sequence of their own, so that what happened depends on nothing above.
  const later = seededRandom(seed + 1);
  const newLaterId = seededIds(later, idsFrom + dayMs);
  const accounts = Array.from({ length: 400 }, () => `accounts/${newLaterId()}`);
  const days = localDays(now);
  const businesses = all.map((business) => {
    const calendar = makeCalendar(business, {
      random: later,
      newId: newLaterId,
      accounts,
      nowMs: now.epochMilliseconds,
      ...days,
    });
    const sum = calendar.reviews.reduce((total, { rating }) => total + rating, 0);
    const { length: count } = calendar.reviews;
    business.provider.rating = create(RatingSchema, { average: count === 0 ? 0 : sum / count, count });
    return { ...business, ...calendar };
  });
  const owned = businesses.find(({ trade }) => trade.vertical === ownedVertical);
  if (owned === undefined) throw new RangeError("nobody has a barbershop");
  return { businesses, resources: resourcesOf(businesses), ownedProvider: owned.provider.name };
}

// 2025-09-01, when all of it was published.
const idsFrom = Date.UTC(2025, 8, 1);
const dayMs = 86_400_000;

function businessesOf(city: City, random: Random, newId: () => string): readonly Business[] {
  const takenNames = new Set<string>();
  return Array.from({ length: city.providerCount }, (_, place) => {
    const showcase = showcases.find((one) => one.city === city.id && one.place === place);
    const district = showcase === undefined ? random.pick(city.districts) : city.districts[0];
    if (district === undefined) throw new RangeError(`${city.id} has no district`);
    const trade = showcase === undefined ? pickTrade(random) : tradeOf(showcase.vertical);
    return makeBusiness({ city, district, trade, isShowcase: showcase !== undefined, takenNames }, random, newId);
  });
}

/** Near Abdali there are always a salon and a barber that are open every day, with three staff members each. */
const showcases = [
  { city: "amman", place: 0, vertical: "salon" },
  { city: "amman", place: 1, vertical: "barber" },
] as const;

// The first of them is the showcase.
const ownedVertical = "barber";

function tradeOf(vertical: string): Trade {
  const trade = trades.find((one) => one.vertical === vertical);
  if (trade === undefined) throw new RangeError(`no trade ${vertical}`);
  return trade;
}

function pickTrade(random: Random): Trade {
  const share = random.next() * trades.reduce((sum, trade) => sum + trade.share, 0);
  let upTo = 0;
  for (const trade of trades) {
    upTo += trade.share;
    if (share < upTo) return trade;
  }
  throw new RangeError("no trades");
}

/** Local days around now, each zone's and day's start looked up once. */
function localDays(now: Temporal.Instant) {
  const known = new Map<
    string,
    { readonly date: Temporal.PlainDate; readonly startMs: number; readonly isEven: boolean }
  >();
  const dayOf = (timeZone: string, day: number) => {
    const key = `${timeZone} ${day}`;
    let found = known.get(key);
    if (found === undefined) {
      const date = now.toZonedDateTimeISO(timeZone).toPlainDate().add({ days: day });
      const start = date.toZonedDateTime(timeZone);
      found = { date, startMs: start.epochMilliseconds, isEven: start.hoursInDay === 24 };
      known.set(key, found);
    }
    return found;
  };
  return {
    weekdayOf: (timeZone: string, day: number): number => dayOf(timeZone, day).date.dayOfWeek - 1,
    msOf(timeZone: string, day: number, minute: number): number {
      const { date, startMs, isEven } = dayOf(timeZone, day);
      // Where the clock is changed, minutes since midnight are not minutes on the clock.
      if (isEven) return startMs + minute * 60_000;
      const time = Temporal.PlainTime.from({ hour: Math.floor(minute / 60), minute: minute % 60 });
      return date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds;
    },
  };
}

function resourcesOf(businesses: Market["businesses"]): readonly Message[] {
  return [
    ...businesses.map(({ provider }) => provider),
    ...businesses.flatMap(({ services }) => services),
    ...businesses.flatMap(({ staff }) => staff),
    ...businesses.map(({ resource }) => resource),
    ...businesses.flatMap(({ schedules }) => schedules),
    ...businesses.map(({ rules }) => rules),
    ...businesses.flatMap(({ reservations }) => reservations),
    ...businesses.flatMap(({ bookings }) => bookings),
    ...businesses.flatMap(({ reviews }) => reviews),
  ];
}
