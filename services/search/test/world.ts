import { randomBytes, randomUUID } from "node:crypto";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { parseConfig } from "@dawr/config";
import { eventsMigrations } from "@dawr/events";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import {
  type Provider,
  Provider_State,
  ProviderSchema,
  ProviderService,
} from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import {
  type Service,
  Service_State,
  ServiceMenuService,
  ServiceSchema,
} from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { LocalizedTextSchema } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import { MoneySchema } from "@dawr/gen/dawr/type/v1/money_pb.js";
import { LatLngSchema } from "@dawr/gen/google/type/latlng_pb.js";
import { guard, implement, type Mounted, memoryCaller, platformErrors } from "@dawr/rpc";
import type { Host, Parts } from "@dawr/runtime";
import { openKeyRing } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { testClock, testIds, testStore } from "@dawr/testkit";
import { errors } from "../src/rpc/errors.ts";
import { search } from "../src/service.ts";
import { abdali, idOf } from "./documents.ts";

export type World = Awaited<ReturnType<typeof openWorld>>;

/** Search on a real database, beside a catalogue that answers what a test puts into it. */
export async function openWorld() {
  const clock = testClock("2026-03-01T09:00:00Z");
  const store = await testStore({
    schema: "search",
    folders: [eventsMigrations, new URL("../migrations/", import.meta.url)],
    now: clock.now,
  });
  const published: { providers: Provider[]; services: Service[] } = { providers: [], services: [] };
  const jobs: string[] = [];
  const mounted: Mounted[] = [];
  const log = createLogger({ service: "search", level: "silent" });
  const auth: Host["auth"] = {
    verifyUser: async (token) => ({ account: `accounts/${idOf(1)}`, session: token, roles: [token], token }),
    verifyWorkload: async (token) => token,
    memberships: async () => [],
    revokeSession: () => {},
    forgetMemberships: () => {},
  };
  const client: Host["client"] = (service) => memoryCaller(() => mounted, { workload: "search" }).client(service);
  const host: Host<typeof search.config> = {
    name: "search",
    config: parseConfig(search.config, {}),
    store,
    client,
    now: clock.now,
    newId: testIds("search"),
    log,
    keys: await openKeyRing({ versions: [{ version: 1, key: randomBytes(32) }] }),
    auth,
    mounted: () => mounted,
    enqueue: async (_tx, job) => void jobs.push(job),
  };
  const parts: Parts = await search.start(host);
  const catalog = [
    implement(ProviderService, { listProviders: async () => ({ providers: published.providers }) }),
    implement(ServiceMenuService, {
      listServices: async ({ parent }) => ({
        services: published.services.filter(({ name }) => name.startsWith(`${parent}/`)),
      }),
    }),
    implement(CategoryService, {
      listCategories: async () => ({
        categories: [{ name: "categories/haircut", displayName: { texts: { en: "Cutting", ar: "قص الشعر" } } }],
      }),
    }),
  ];
  mounted.push(
    guard({ service: "search", implementations: parts.implementations ?? [], errors: [errors], auth, log }),
    guard({ service: "catalog", implementations: catalog, errors: [platformErrors], auth, log }),
  );
  let eventCount = 0;

  /** Delivers an event as the bus does. */
  async function deliver<D extends DescMessage>(
    schema: D,
    init: MessageInitShape<D>,
    key: string,
    sequence: bigint,
  ): Promise<void> {
    const handler = parts.consumers?.flatMap(({ handlers }) => handlers.get(schema.typeName) ?? [])[0];
    if (handler === undefined) throw new Error(`nobody listens to ${schema.typeName}`);
    eventCount += 1;
    const event = { id: idOf(eventCount), type: schema.typeName, source: "dawr.catalog", subject: key, key, sequence };
    const data = toBinary(schema, create(schema, init));
    await store.transaction((tx) => handler.handle(tx, { ...event, time: clock.now(), data }));
  }

  return {
    store,
    published,
    jobs,
    clock,
    deliver,
    search: memoryCaller(() => mounted).client(SearchService),
    /** Does what the timer does until nothing is due. */
    async settle() {
      const [timer] = parts.timers ?? [];
      while ((await timer?.next()) !== undefined) await timer?.fire();
    },
    async runJob(name: string) {
      const job = parts.jobs?.find((one) => one.name === name);
      await job?.run({}, { id: "1", log, attempt: 1, maxAttempts: 1, signal: new AbortController().signal });
    },
    close: () => store.drop(),
  };
}

export const operator = { headers: { authorization: "Bearer admin" } };
export const requestId = (): string => randomUUID();

export const providerOf = (number: number, over: MessageInitShape<typeof ProviderSchema> = {}): Provider =>
  create(ProviderSchema, {
    name: `providers/${idOf(number)}`,
    vertical: "verticals/salon",
    displayName: create(LocalizedTextSchema, { texts: { en: `Yasmine ${number}`, ar: "صالون الياسمين" } }),
    point: create(LatLngSchema, abdali),
    currencyCode: "JOD",
    timeZone: "Asia/Amman",
    verified: true,
    state: Provider_State.PUBLISHED,
    etag: "1",
    ...over,
  });

export const serviceOf = (number: number, over: MessageInitShape<typeof ServiceSchema> = {}): Service =>
  create(ServiceSchema, {
    name: `providers/${idOf(number)}/services/${idOf(1_000 + number)}`,
    category: "categories/haircut",
    displayName: create(LocalizedTextSchema, { texts: { en: "Styling", ar: "تصفيف" } }),
    price: create(MoneySchema, { currencyCode: "JOD", amountMinor: 10_000n }),
    durationMinutes: 45,
    state: Service_State.ACTIVE,
    etag: "1",
    ...over,
  });
