import { type Consumer, defineConsumer, on, UnprocessableEvent } from "@dawr/events";
import {
  ProviderChangedSchema,
  ProviderPublishedSchema,
  ProviderSuspendedSchema,
  ResourceChangedSchema,
  ServiceChangedSchema,
  StaffChangedSchema,
} from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import { type Provider, Provider_State } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { type Resource, Resource_State } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { type Service, Service_State } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { type StaffMember, StaffMember_State } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import type { Tx } from "@dawr/store";
import { lastIdOf, providerIdOf } from "../rpc/names.ts";
import { keepParts, keepProviders, type PartCopy, type ProviderCopy } from "../store/copies.ts";
import { tellAllChanged } from "../store/schedules.ts";

/** Keeps what availability needs of catalog's resources: the newest version of each, whatever came before. */
export function catalogCopies(): Consumer {
  return defineConsumer({
    name: "availability.catalog-copies",
    from: "catalog",
    projection: true,
    handlers: [
      on(ProviderPublishedSchema, (tx, { provider }, { sequence }) => keepProvider(tx, provider, sequence)),
      on(ProviderChangedSchema, (tx, { provider }, { sequence }) => keepProvider(tx, provider, sequence)),
      on(ProviderSuspendedSchema, (tx, { provider }, { sequence }) => keepProvider(tx, provider, sequence)),
      on(ServiceChangedSchema, (tx, { service }, { sequence }) => keepPart(tx, serviceCopy(given(service), sequence))),
      on(StaffChangedSchema, (tx, { staffMember }, { sequence }) =>
        keepPart(tx, staffCopy(given(staffMember), sequence)),
      ),
      on(ResourceChangedSchema, (tx, { resource }, { sequence }) =>
        keepPart(tx, resourceCopy(given(resource), sequence)),
      ),
    ],
  });
}

export function providerCopy(provider: Provider, version: bigint): ProviderCopy {
  return {
    providerId: providerIdOf(provider.name),
    version,
    zone: provider.timeZone || "UTC",
    published: provider.state === Provider_State.PUBLISHED,
  };
}

export function serviceCopy(service: Service, version: bigint): PartCopy {
  return {
    kind: "SERVICE",
    providerId: providerIdOf(service.name),
    id: lastIdOf(service.name),
    version,
    active: service.state === Service_State.ACTIVE,
    content: {
      durationMinutes: service.durationMinutes,
      bufferBefore: service.bufferBeforeMinutes,
      bufferAfter: service.bufferAfterMinutes,
      capacity: Math.max(1, service.groupCapacity),
      atCustomer: service.atCustomer,
      requirements: service.resourceRequirements.map(({ kind, count }) => ({ kind, count: Math.max(1, count) })),
      addOns: Object.fromEntries(service.addOns.map(({ name, durationMinutes }) => [lastIdOf(name), durationMinutes])),
    },
  };
}

export function staffCopy(staff: StaffMember, version: bigint): PartCopy {
  return {
    kind: "STAFF",
    providerId: providerIdOf(staff.name),
    id: lastIdOf(staff.name),
    version,
    active: staff.state === StaffMember_State.ACTIVE,
    content: {
      skills: Object.fromEntries(
        staff.skills.map(({ service, durationMinutes }) => [lastIdOf(service), durationMinutes ?? null]),
      ),
    },
  };
}

export function resourceCopy(resource: Resource, version: bigint): PartCopy {
  return {
    kind: "RESOURCE",
    providerId: providerIdOf(resource.name),
    id: lastIdOf(resource.name),
    version,
    active: resource.state === Resource_State.ACTIVE,
    content: { kind: resource.kind, capacity: Math.max(1, resource.capacity) },
  };
}

async function keepProvider(tx: Tx, provider: Provider | undefined, version: bigint): Promise<void> {
  const copy = providerCopy(given(provider), version);
  await keepProviders(tx, [copy]);
  tellAllChanged(tx, copy.providerId);
}

async function keepPart(tx: Tx, copy: PartCopy): Promise<void> {
  await keepParts(tx, [copy]);
  tellAllChanged(tx, copy.providerId);
}

function given<T>(resource: T | undefined): T {
  if (resource === undefined) throw new UnprocessableEvent("the event carries no resource");
  return resource;
}
