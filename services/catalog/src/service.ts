import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ResourceService } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { ReviewService } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config } from "./config.ts";
import {
  approveProvider,
  reinstateProvider,
  rejectProvider,
  submitProvider,
  suspendProvider,
  updateProvider,
} from "./rpc/change-provider.ts";
import { createProvider } from "./rpc/create-provider.ts";
import type { Deps } from "./rpc/deps.ts";
import { errors } from "./rpc/errors.ts";
import { batchGetProviders, getProvider, listProviders } from "./rpc/read-providers.ts";
import { resources } from "./rpc/resources.ts";
import { reviews } from "./rpc/reviews.ts";
import { serviceMenu } from "./rpc/services.ts";
import { staff } from "./rpc/staff.ts";
import { categories, verticals } from "./rpc/verticals.ts";
import { ownerSteps } from "./saga/owner-step.ts";
import { importResources } from "./store/import-resources.ts";
import { loadVerticals } from "./verticals/load-verticals.ts";

/** Catalog decides what is offered: providers, their staff, services and resources, and what customers say. */
export const catalog = defineService({
  name: "catalog",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  errors,
  async start({ store, auth, keys, now, newId, client, config }) {
    const deps: Deps = {
      store,
      auth,
      keys,
      now,
      newId,
      verticals: await loadVerticals(config.CATALOG_VERTICALS_FILE),
      currencies: config.CATALOG_CURRENCIES,
    };
    return {
      implementations: [
        implement(ProviderService, {
          getProvider: getProvider(deps),
          batchGetProviders: batchGetProviders(deps),
          listProviders: listProviders(deps),
          createProvider: createProvider(deps),
          updateProvider: updateProvider(deps),
          submitProvider: submitProvider(deps),
          approveProvider: approveProvider(deps),
          rejectProvider: rejectProvider(deps),
          suspendProvider: suspendProvider(deps),
          reinstateProvider: reinstateProvider(deps),
        }),
        implement(ServiceMenuService, serviceMenu(deps)),
        implement(StaffService, staff(deps)),
        implement(ResourceService, resources(deps)),
        implement(ReviewService, reviews({ ...deps, client })),
        implement(VerticalService, verticals(deps)),
        implement(CategoryService, categories(deps)),
      ],
      steps: [ownerSteps({ store, auth, client })],
    };
  },
  importResources: (tx, all, { now }) => importResources(tx, all, now()),
});
