import type { Client } from "@connectrpc/connect";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { type Provider, ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { type Service, ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { Host } from "@dawr/runtime";
import type { Texts } from "../domain/document.ts";
import { lastIdOf } from "../store/copies.ts";

const pageSize = 100;

/** The published providers with all their services, archived ones too, as catalog answers them page by page. */
export async function* publishedProviders(
  client: Host["client"],
): AsyncGenerator<readonly { readonly provider: Provider; readonly services: readonly Service[] }[]> {
  const providers: Client<typeof ProviderService> = client(ProviderService);
  let pageToken = "";
  do {
    const page = await providers.listProviders({ pageSize, pageToken });
    yield await Promise.all(
      page.providers.map(async (provider) => ({ provider, services: await servicesOf(client, provider.name) })),
    );
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

/** The names of all categories by id. */
export async function categoryNames(client: Host["client"]): Promise<ReadonlyMap<string, Texts>> {
  const names = new Map<string, Texts>();
  let pageToken = "";
  do {
    const page = await client(CategoryService).listCategories({ pageSize, pageToken });
    for (const { name, displayName } of page.categories) names.set(lastIdOf(name), { ...displayName?.texts });
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return names;
}

async function servicesOf(client: Host["client"], parent: string): Promise<readonly Service[]> {
  const services: Service[] = [];
  let pageToken = "";
  do {
    const page = await client(ServiceMenuService).listServices({ parent, pageSize, pageToken, showArchived: true });
    services.push(...page.services);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return services;
}
