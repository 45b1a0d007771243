import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AvailabilityService, type Slot } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { publicClient, type Urls } from "../../tools/journey/platform-client.ts";

/** A time that is free, with the staff member who would serve. */
export type FreeTime = {
  readonly provider: string;
  readonly service: string;
  readonly staffMember: string;
  readonly startTime: NonNullable<Slot["startTime"]>;
};

const cities = [
  { latitude: 31.9622, longitude: 35.9106 },
  { latitude: 25.2048, longitude: 55.2708 },
  { latitude: 24.7136, longitude: 46.6753 },
  { latitude: 40.7128, longitude: -74.006 },
];
const dayMs = 86_400_000;
/** Between two times of one provider, for buffers and preparation. */
const gapMs = 60 * 60_000;

/** Finds times that can all be booked, none in the way of another; neighbours in the list are of different providers. */
export async function findFreeTimes(urls: Urls, wanted: number): Promise<FreeTime[]> {
  const providers = await findProviders(urls);
  const found: FreeTime[][] = [];
  const next = providers.values();
  const look = async (): Promise<void> => {
    for (const provider of next) {
      if (found.reduce((sum, times) => sum + times.length, 0) >= wanted) return;
      found.push(await timesOf(urls, provider));
    }
  };
  await Promise.all(Array.from({ length: 4 }, look));
  const longest = Math.max(0, ...found.map((times) => times.length));
  return Array.from({ length: longest }, (_, index) => found.flatMap((times) => times[index] ?? [])).flat();
}

async function findProviders(urls: Urls): Promise<readonly string[]> {
  const search = publicClient(urls, SearchService);
  const byCity = await Promise.all(
    cities.map(async (point) => {
      const { results } = await search.searchProviders({ point, radiusMetres: 20_000, pageSize: 50 });
      return results.map(({ provider }) => provider);
    }),
  );
  return Array.from({ length: 50 }, (_, index) => byCity.flatMap((names) => names[index] ?? [])).flat();
}

async function timesOf(urls: Urls, provider: string): Promise<FreeTime[]> {
  const { services } = await publicClient(urls, ServiceMenuService).listServices({ parent: provider, pageSize: 10 });
  // Who comes to the customer needs an address, which these customers do not have.
  const service = services.find(({ atCustomer }) => !atCustomer)?.name;
  if (service === undefined) return [];
  const from = Date.now() + 2 * dayMs;
  const { slots } = await publicClient(urls, AvailabilityService).findSlots({
    provider,
    items: [{ service, staffChoice: { case: "anyStaff", value: true } }],
    startTime: timestampFromMs(from),
    endTime: timestampFromMs(from + 28 * dayMs),
  });
  let freeFrom = 0;
  const times: FreeTime[] = [];
  for (const { startTime, endTime, assignments } of slots) {
    const staffMember = assignments[0]?.staffMember;
    if (startTime === undefined || endTime === undefined || staffMember === undefined) continue;
    if (timestampMs(startTime) < freeFrom) continue;
    freeFrom = timestampMs(endTime) + gapMs;
    times.push({ provider, service, staffMember, startTime });
  }
  return times;
}
