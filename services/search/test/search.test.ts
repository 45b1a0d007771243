import { Code, ConnectError } from "@connectrpc/connect";
import { AvailabilityChangedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import {
  ProviderPublishedSchema,
  ProviderSuspendedSchema,
  ServiceChangedSchema,
} from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import { Provider_State } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { Service_State } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { postgresEngine } from "../src/engines/postgres-engine.ts";
import { importResources } from "../src/store/import-resources.ts";
import { abdali, idOf, north } from "./documents.ts";
import { openWorld, operator, providerOf, requestId, serviceOf, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const found = async (over: object = {}) => {
  const { results } = await world.search.searchProviders({ point: abdali, ...over });
  return results.map(({ provider }) => provider.slice("providers/".length));
};

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof ConnectError)) throw new Error("the call was not refused", { cause: error });
  return { code: error.code, reason: reasonOf(error)?.reason };
}

const publish = (number: number, over: object = {}, sequence = 1n) =>
  world.deliver(ProviderPublishedSchema, { provider: providerOf(number, over) }, idOf(number), sequence);

const offer = (number: number, over: object = {}, sequence = 1n) =>
  world.deliver(ServiceChangedSchema, { service: serviceOf(number, over) }, idOf(1_000 + number), sequence);

async function load(count: number): Promise<void> {
  const resources = Array.from({ length: count }, (_, i) => [
    providerOf(i, { point: north(i * 10) }),
    serviceOf(i),
  ]).flat();
  await world.store.transaction((tx) => importResources(tx, resources, postgresEngine(world.store), world.clock.now()));
}

const waitingStatement = `
  select 1 as one from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`;

describe("the index", () => {
  test("given events in any order, when they have been handled, then search shows them", async () => {
    await offer(1);
    await world.settle();
    expect(await found()).toEqual([]);
    await publish(1);
    await world.settle();
    expect(await found({ query: "styling" })).toEqual([idOf(1)]);
    expect(await found({ query: "الياسمين تصفيف" })).toEqual([idOf(1)]);
    await offer(1, { displayName: { texts: { en: "Nails", ar: "أظافر" } } }, 3n);
    await offer(1, { displayName: { texts: { en: "Older", ar: "أقدم" } } }, 2n);
    await world.settle();
    expect(await found({ query: "nails" })).toEqual([idOf(1)]);
    expect(await found({ query: "older" })).toEqual([]);
    await offer(1, { state: Service_State.ARCHIVED }, 4n);
    await world.settle();
    expect(await found({ query: "nails" })).toEqual([]);
    const suspended = { provider: providerOf(1, { state: Provider_State.SUSPENDED }) };
    await world.deliver(ProviderSuspendedSchema, suspended, idOf(1), 2n);
    await world.settle();
    expect(await found()).toEqual([]);
  });

  test("given that calendars change, then the ranking follows and the next free time is told", async () => {
    await load(2);
    const share = (number: number, freeMinutes: number) =>
      world.deliver(
        AvailabilityChangedSchema,
        {
          provider: `providers/${idOf(number)}`,
          nextDays: [
            { openMinutes: 300, freeMinutes },
            { openMinutes: 100, freeMinutes: 0 },
          ],
          nextFreeTime: { seconds: 1_772_400_000n },
        },
        idOf(number),
        1n,
      );
    await share(1, 300);
    await share(0, 20);
    const { results } = await world.search.searchProviders({ point: abdali, includeScoreParts: true });
    expect(results.map(({ provider }) => provider)).toEqual([`providers/${idOf(1)}`, `providers/${idOf(0)}`]);
    expect(results[0]?.scoreParts).toMatchObject({
      availability: { value: 0.75, weight: 0.25 },
      rating: { value: 0.7, weight: 0.25 },
      verification: { value: 1, weight: 0.2 },
      distance: { weight: 0.3 },
    });
    expect(results[0]?.nextFreeTime?.seconds).toBe(1_772_400_000n);
    expect(results[0]?.priceFrom).toMatchObject({ currencyCode: "JOD", amountMinor: 10_000n });
  });

  test("given that categories get other names while entries are made, then all entries have the new ones", async () => {
    const resources = [providerOf(1), serviceOf(1)];
    const loaded = world.store.transaction(async (tx) => {
      await importResources(tx, resources, postgresEngine(world.store), world.clock.now());
      // Waits for this transaction, or would miss what it has not committed.
      const refreshed = world.runJob("refresh-categories");
      await eventually(async () => expect(await tx.query(waitingStatement)).toHaveLength(1));
      return { refreshed };
    });
    await (await loaded).refreshed;
    await world.settle();
    expect(await found({ query: "cutting" })).toEqual([idOf(1)]);
  });

  test("given that catalog knows more than events brought, when the index is rebuilt, then it is found", async () => {
    await publish(1);
    await world.settle();
    world.published.providers = [providerOf(1), providerOf(2)];
    world.published.services = [serviceOf(1), serviceOf(2)];
    expect(await refusal(world.search.rebuildIndex({ requestId: requestId() }))).toMatchObject({
      code: Code.Unauthenticated,
    });
    const status = await world.search.rebuildIndex({ requestId: requestId() }, operator);
    expect(status).toMatchObject({ engine: "postgresql", rebuilding: true, providerCount: 1n });
    expect(await refusal(world.search.rebuildIndex({ requestId: requestId() }, operator))).toMatchObject({
      reason: "REBUILD_RUNNING",
    });
    expect(world.jobs).toEqual(["rebuild-index"]);
    expect(await found()).toEqual([idOf(1)]);
    await world.runJob("rebuild-index");
    expect(await found({ query: "cutting" })).toEqual([idOf(1), idOf(2)]);
    const after = await world.search.getIndexStatus({}, operator);
    expect(after).toMatchObject({ rebuilding: false, providerCount: 2n });
    expect(after.rebuildTime).toBeDefined();
    expect(after.lastEventTime).toBeDefined();
  });
});

describe("SearchProviders", () => {
  test("given 45 providers, when pages of 20 are read while others come and go, then nobody comes twice", async () => {
    await load(45);
    const first = await world.search.searchProviders({ point: abdali, pageSize: 20 });
    expect(first.totalSize).toBe(45);
    await publish(500);
    await world.deliver(
      ProviderSuspendedSchema,
      { provider: providerOf(25, { state: Provider_State.SUSPENDED }) },
      idOf(25),
      2n,
    );
    await world.settle();
    const second = await world.search.searchProviders({ point: abdali, pageSize: 20, pageToken: first.nextPageToken });
    const third = await world.search.searchProviders({ point: abdali, pageSize: 20, pageToken: second.nextPageToken });
    expect(third.nextPageToken).toBe("");
    const all = [...first.results, ...second.results, ...third.results].map(({ provider }) => provider);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(44);
    const scores = [...first.results, ...second.results].map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const foreign = world.search.searchProviders({ point: abdali, verifiedOnly: true, pageToken: first.nextPageToken });
    expect(await refusal(foreign)).toMatchObject({ code: Code.InvalidArgument, reason: "PAGE_TOKEN_INVALID" });
  });

  test("given no radius, then it is 10 km; and wrong questions are refused", async () => {
    await world.store.transaction((tx) =>
      importResources(
        tx,
        [providerOf(1, { point: north(9_999) }), providerOf(2, { point: north(10_001) })],
        postgresEngine(world.store),
        world.clock.now(),
      ),
    );
    expect(await found()).toEqual([idOf(1)]);
    expect(await found({ radiusMetres: 11_000 })).toEqual([idOf(1), idOf(2)]);
    const priceRange = { currencyCode: "JOD", minAmountMinor: 2n, maxAmountMinor: 1n };
    expect(await refusal(world.search.searchProviders({ point: abdali, priceRange }))).toEqual({
      code: Code.InvalidArgument,
      reason: "PRICE_RANGE_EMPTY",
    });
    for (const wrong of [
      {},
      { point: { latitude: 91, longitude: 0 } },
      { point: abdali, radiusMetres: 999 },
      { point: abdali, radiusMetres: 20_001 },
    ]) {
      expect(await refusal(world.search.searchProviders(wrong))).toMatchObject({ reason: "VALIDATION_FAILED" });
    }
  });
});

test("ExplainRanking tells the parts of a score, and which filters keep a provider out", async () => {
  await load(2);
  const search = { point: abdali, query: "haircut", minRating: 4, category: "categories/haircut" };
  const explained = await world.search.explainRanking({ provider: `providers/${idOf(1)}`, search });
  expect(explained).toMatchObject({ found: false, failedFilters: ["query", "min_rating"] });
  expect(explained.distanceMetres).toBeCloseTo(10, 3);
  const plain = await world.search.explainRanking({ provider: `providers/${idOf(1)}`, search: { point: abdali } });
  const { results } = await world.search.searchProviders({ point: abdali });
  expect(plain).toMatchObject({ found: true, failedFilters: [], score: results[1]?.score });
  const missing = world.search.explainRanking({ provider: `providers/${idOf(77)}`, search });
  expect(await refusal(missing)).toMatchObject({ code: Code.NotFound });
});
