import { clone, create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ListResourcesResponseSchema,
  type Resource,
  ResourceSchema,
  ResourceService,
} from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { applyMask, invalid, requireActor } from "@dawr/rpc";
import { once } from "@dawr/store";
import { checkReferences } from "../domain/rules.ts";
import { tellResource } from "../events/catalog-events.ts";
import { idOf } from "../names.ts";
import { resourceKind } from "../store/part-kinds.ts";
import type { Deps } from "./deps.ts";
import { archivePart, createPart, getPart, listPartsPage, type PartWriting, updatePart } from "./parts.ts";

const writable = ["display_name", "capacity"];

const { method } = ResourceService;

/** The calls of a provider's rooms, chairs and devices. */
export function resources(deps: Deps): ServiceImpl<typeof ResourceService> {
  const writing = resourceWriting(deps);
  return {
    getResource: ({ name }, context) => getPart(deps, resourceKind, name, context),
    async listResources(request, context) {
      const { page, nextPageToken } = await listPartsPage(deps, resourceKind, request, context);
      return create(ListResourcesResponseSchema, { resources: page, nextPageToken });
    },
    async createResource(request, context) {
      const { parent, resource } = request;
      if (resource === undefined) throw invalid("resource");
      const call = { actor: requireActor(context).account, method: method.createResource, request };
      const content = clone(ResourceSchema, resource);
      return await once(deps.store, call, (tx) =>
        createPart(tx, deps, writing, { providerId: idOf(parent), id: deps.newId(), content }),
      );
    },
    async updateResource(request, context) {
      const wanted = request.resource;
      if (wanted === undefined) throw invalid("resource");
      const call = { actor: requireActor(context).account, method: method.updateResource, request };
      return await once(deps.store, call, (tx) =>
        updatePart(tx, deps, writing, wanted, (content) => {
          const changed = applyMask(ResourceSchema, content, wanted, request.updateMask, writable);
          if (changed.displayName === undefined) throw invalid("resource.displayName");
          return changed;
        }),
      );
    },
    async archiveResource(request, context) {
      const call = { actor: requireActor(context).account, method: method.archiveResource, request };
      return await once(deps.store, call, (tx) => archivePart(tx, deps, writing, request.name));
    },
  };
}

function resourceWriting({ verticals }: Deps): PartWriting<Resource> {
  return {
    kind: resourceKind,
    tell: tellResource,
    async check(_tx, { content }, { vertical }) {
      const kinds = verticals.verticals.find(({ id }) => id === vertical)?.resourceKinds ?? [];
      checkReferences([content.kind], new Set(kinds));
    },
  };
}
