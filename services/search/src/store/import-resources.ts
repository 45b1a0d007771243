import { isMessage, type Message } from "@bufbuild/protobuf";
import { AvailabilityChangedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import { CategorySchema } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { Tx } from "@dawr/store";
import type { Engine } from "../engines/engine.ts";
import { shareOf } from "../events/copies.ts";
import { keepCategories, keepProviders, keepServices, lastIdOf } from "./copies.ts";
import { reindex } from "./reindex.ts";

/** Takes whole providers and services, categories and free shares in bulk, and makes the entries at once. */
export async function importResources(
  tx: Tx,
  resources: readonly Message[],
  engine: Engine,
  now: Temporal.Instant,
): Promise<void> {
  const version = (etag: string): bigint => (/^[1-9]\d{0,17}$/.test(etag) ? BigInt(etag) : 1n);
  const providers = resources.filter((resource) => isMessage(resource, ProviderSchema));
  const services = resources.filter((resource) => isMessage(resource, ServiceSchema));
  const categories = resources.filter((resource) => isMessage(resource, CategorySchema));
  const shares = resources.filter((resource) => isMessage(resource, AvailabilityChangedSchema));
  await keepProviders(
    tx,
    providers.map((resource) => ({ resource, version: version(resource.etag), eventTime: now })),
  );
  await keepServices(
    tx,
    services.map((resource) => ({ resource, version: version(resource.etag), eventTime: now })),
  );
  await keepCategories(
    tx,
    new Map(categories.map(({ name, displayName }) => [lastIdOf(name), { ...displayName?.texts }])),
  );
  await engine.putShares(
    tx,
    // Older than any event of the calendar's own.
    shares.map((share) => ({ providerId: lastIdOf(share.provider), sequence: 0n, eventTime: now, ...shareOf(share) })),
  );
  await reindex(
    tx,
    engine,
    providers.map(({ name }) => lastIdOf(name)),
  );
}
