import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Consumer, defineConsumer, type Event, on, UnprocessableEvent } from "@dawr/events";
import { type AvailabilityChanged, AvailabilityChangedSchema } from "@dawr/gen/dawr/availability/v1/events_pb.js";
import {
  ProviderChangedSchema,
  ProviderPublishedSchema,
  ProviderSuspendedSchema,
  ServiceChangedSchema,
} from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import type { Provider } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import type { Service } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { Tx } from "@dawr/store";
import type { FreeShare } from "../domain/document.ts";
import type { Engine } from "../engines/engine.ts";
import { keepProviders, keepServices, lastIdOf, providerIdOf } from "../store/copies.ts";
import { markForReindex } from "../store/reindex.ts";

/** Keeps copies of what catalog publishes, and says whose entry they put out of date. (SE-05) */
export function catalogCopies(): Consumer {
  return defineConsumer({
    name: "search.catalog-copies",
    from: "catalog",
    projection: true,
    handlers: [
      on(ProviderPublishedSchema, (tx, { provider }, event) => keepProvider(tx, provider, event)),
      on(ProviderChangedSchema, (tx, { provider }, event) => keepProvider(tx, provider, event)),
      on(ProviderSuspendedSchema, (tx, { provider }, event) => keepProvider(tx, provider, event)),
      on(ServiceChangedSchema, (tx, { service }, event) => keepService(tx, service, event)),
    ],
  });
}

/** Keeps how much of providers' time is free. */
export function availabilityShares(engine: Engine): Consumer {
  return defineConsumer({
    name: "search.availability-shares",
    from: "availability",
    projection: true,
    handlers: [
      on(AvailabilityChangedSchema, (tx, changed, { sequence, time }) =>
        engine.putShares(tx, [
          { providerId: lastIdOf(changed.provider), sequence, eventTime: time, ...shareOf(changed) },
        ]),
      ),
    ],
  });
}

/** The free share of the next days, added up. */
export function shareOf({ nextDays, nextFreeTime }: AvailabilityChanged): FreeShare {
  const openMinutes = nextDays.reduce((sum, day) => sum + day.openMinutes, 0);
  const freeMinutes = nextDays.reduce((sum, day) => sum + day.freeMinutes, 0);
  return {
    openMinutes,
    freeMinutes: Math.min(openMinutes, freeMinutes),
    nextFreeTime:
      nextFreeTime === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(timestampMs(nextFreeTime)),
  };
}

async function keepProvider(tx: Tx, provider: Provider | undefined, { sequence, time }: Event): Promise<void> {
  if (provider === undefined) throw new UnprocessableEvent("the event carries no provider");
  await keepProviders(tx, [{ resource: provider, version: sequence, eventTime: time }]);
  await markForReindex(tx, [lastIdOf(provider.name)]);
}

async function keepService(tx: Tx, service: Service | undefined, { sequence, time }: Event): Promise<void> {
  if (service === undefined) throw new UnprocessableEvent("the event carries no service");
  await keepServices(tx, [{ resource: service, version: sequence, eventTime: time }]);
  await markForReindex(tx, [providerIdOf(service.name)]);
}
