import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ReviewService } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { type Running, runAll } from "@dawr/runtime";
import { eventually, type TestDatabase, testDatabase } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { demoMarket, type Market } from "../src/market/market.ts";
import { services } from "../src/services.ts";

/** Who knows the resources of the market. */
const definitions = services.filter(({ name }) => ["catalog", "availability", "search", "booking"].includes(name));
const abdali = { latitude: 31.9622, longitude: 35.9106 };

let database: TestDatabase;
let folder: string;
let running: Running;
let market: Market;

beforeAll(async () => {
  database = await testDatabase(definitions.map(({ name }) => name));
  folder = await mkdtemp(join(tmpdir(), "dawr-market-"));
  running = await runAll(definitions, {
    env: {
      HOST: "127.0.0.1",
      METRICS_PORT: "0",
      KEY_FILE: join(folder, "keys.json"),
      WORKLOAD_KEY_FILE: join(folder, "workload.key"),
      LOG_LEVEL: "warn",
    },
    services: Object.fromEntries(
      definitions.map(({ name }) => [
        name,
        { DATABASE_URL: database.urlOf(name), MIGRATION_DATABASE_URL: database.ownerUrl },
      ]),
    ),
  });
  market = demoMarket(1, Temporal.Now.instant());
  await running.importResources(market.resources);
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("the demo market in the services", () => {
  test("near Abdali a barber and a salon are found, with staff whose slots are free in the next two days", async () => {
    for (const [query, category] of [
      ["haircut", "categories/mens-haircut"],
      ["قص", "categories/haircut"],
    ] as const) {
      const { results } = await running
        .client(SearchService)
        .searchProviders({ point: abdali, radiusMetres: 1_000, query, category });
      expect(results.length).toBeGreaterThan(0);
    }
    for (const business of market.businesses.slice(0, 2)) {
      const [service] = business.services;
      const free = await Promise.all(
        business.staff.slice(0, 2).map(async ({ name }) => {
          const { slots } = await running.client(AvailabilityService).findSlots({
            provider: business.provider.name,
            items: [{ service: service?.name ?? "", staffChoice: { case: "staffMember", value: name } }],
            startTime: timestampFromMs(Date.now()),
            endTime: timestampFromMs(Date.now() + 48 * 3_600_000),
          });
          return slots.length;
        }),
      );
      expect(Math.min(...free)).toBeGreaterThan(3);
    }
  });

  test("what was loaded is read again, as it was", async () => {
    const [business] = market.businesses;
    if (business === undefined) throw new Error("no business");
    const parent = business.provider.name;
    expect(await running.client(ProviderService).getProvider({ name: parent })).toEqual(business.provider);
    const menu = await running.client(ServiceMenuService).listServices({ parent });
    expect(new Map(menu.services.map((s) => [s.name, s]))).toEqual(new Map(business.services.map((s) => [s.name, s])));
    const { staffMembers } = await running.client(StaffService).listStaffMembers({ parent });
    expect(staffMembers).toHaveLength(business.staff.length);
    const { reviews } = await running.client(ReviewService).listReviews({ parent });
    expect(reviews).toHaveLength(business.reviews.length);
  });

  test("search learns how much time is free, and what categories are called", async () => {
    await eventually(
      async () => {
        const all = await running.client(SearchService).searchProviders({ point: abdali, includeScoreParts: true });
        expect(all.results[0]?.scoreParts?.availability?.value).toBeGreaterThan(0.3);
        expect(all.results[0]?.nextFreeTime).toBeDefined();
        // A word of a category's name that no service has in its own.
        const waxing = await running.client(SearchService).searchProviders({ point: abdali, query: "بالشمع" });
        expect(waxing.results.length).toBeGreaterThan(0);
      },
      { timeoutMs: 10_000 },
    );
  });
});
