import { clone, create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  BatchGetServicesResponseSchema,
  ListServicesResponseSchema,
  type Service,
  ServiceMenuService,
  ServiceSchema,
} from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { applyMask, invalid, requireActor } from "@dawr/rpc";
import { once } from "@dawr/store";
import { checkReferences, checkService } from "../domain/rules.ts";
import { tellService } from "../events/catalog-events.ts";
import { idOf, type PartKey } from "../names.ts";
import { resourceKind, serviceKind } from "../store/part-kinds.ts";
import { activeParts } from "../store/parts.ts";
import type { Deps } from "./deps.ts";
import {
  archivePart,
  batchGetParts,
  createPart,
  getPart,
  listPartsPage,
  type PartWriting,
  updatePart,
} from "./parts.ts";

const writable = [
  "category",
  "display_name",
  "description",
  "price",
  "price_type",
  "duration_minutes",
  "buffer_before_minutes",
  "buffer_after_minutes",
  "preparation",
  "resource_requirements",
  "group_capacity",
  "at_customer",
  "online",
  "add_ons",
  "min_age_years",
];

const { method } = ServiceMenuService;

/** The calls of a provider's menu. (CA-05) */
export function serviceMenu(deps: Deps): ServiceImpl<typeof ServiceMenuService> {
  const writing = serviceWriting(deps);
  return {
    getService: ({ name }, context) => getPart(deps, serviceKind, name, context),
    async batchGetServices({ names }, context) {
      const services = await batchGetParts(deps, serviceKind, names, context);
      return create(BatchGetServicesResponseSchema, { services });
    },
    async listServices(request, context) {
      const sort = request.category === "" ? undefined : request.category;
      const { page, nextPageToken } = await listPartsPage(deps, serviceKind, { ...request, sort }, context);
      return create(ListServicesResponseSchema, { services: page, nextPageToken });
    },
    async createService(request, context) {
      const { parent, service } = request;
      if (service === undefined) throw invalid("service");
      const key = { providerId: idOf(parent), id: deps.newId() };
      const call = { actor: requireActor(context).account, method: method.createService, request };
      return await once(deps.store, call, (tx) =>
        createPart(tx, deps, writing, { ...key, content: nameAddOns(clone(ServiceSchema, service), [], key, deps) }),
      );
    },
    async updateService(request, context) {
      const wanted = request.service;
      if (wanted === undefined) throw invalid("service");
      const call = { actor: requireActor(context).account, method: method.updateService, request };
      return await once(deps.store, call, (tx) =>
        updatePart(tx, deps, writing, wanted, (content, key) => {
          const changed = applyMask(ServiceSchema, content, wanted, request.updateMask, writable);
          checkPossible(changed);
          return nameAddOns(
            changed,
            content.addOns.map(({ name }) => name),
            key,
            deps,
          );
        }),
      );
    },
    async archiveService(request, context) {
      const call = { actor: requireActor(context).account, method: method.archiveService, request };
      return await once(deps.store, call, (tx) => archivePart(tx, deps, writing, request.name));
    },
  };
}

function serviceWriting({ verticals }: Deps): PartWriting<Service> {
  return {
    kind: serviceKind,
    tell: tellService,
    async check(tx, { content }, { id, vertical, currencyCode }) {
      const categories = verticals.categoriesOf(vertical) ?? new Set();
      const prices = [content.price, ...content.addOns.map(({ price }) => price)];
      checkService(
        {
          category: idOf(content.category),
          currencyCodes: prices.flatMap((price) => (price === undefined ? [] : [price.currencyCode])),
        },
        { vertical, categories, currencyCode },
      );
      if (content.resourceRequirements.length === 0) return;
      const resources = await activeParts(tx, resourceKind, id);
      const kinds = new Set(resources.map((resource) => resource.content.kind));
      checkReferences(
        content.resourceRequirements.map(({ kind }) => kind),
        kinds,
      );
    },
  };
}

/** Gives new add-ons their names; an old one keeps its own, so that bookings find it again. */
function nameAddOns(service: Service, known: readonly string[], { providerId, id }: PartKey, { newId }: Deps): Service {
  checkReferences(
    service.addOns.flatMap(({ name }) => (name === "" ? [] : [name])),
    new Set(known),
  );
  for (const addOn of service.addOns) {
    if (addOn.name === "") addOn.name = `providers/${providerId}/services/${id}/addOns/${newId()}`;
  }
  return service;
}

/** What a service was created with, it keeps; and it takes place at one place. (BK-13) */
function checkPossible(service: Service): void {
  const missing = [
    ...(service.displayName === undefined ? ["service.displayName"] : []),
    ...(service.price === undefined ? ["service.price"] : []),
    ...(service.durationMinutes === 0 ? ["service.durationMinutes"] : []),
  ];
  if (missing.length > 0) throw invalid(missing);
  if (service.atCustomer && service.online) {
    const text = "cannot be both atCustomer and online";
    throw invalid(["service.atCustomer", "service.online"], { name: "service.place", text });
  }
}
