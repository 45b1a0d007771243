import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Category,
  CategorySchema,
  type CategoryService,
  ListCategoriesResponseSchema,
} from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import {
  ListVerticalsResponseSchema,
  type Vertical,
  Vertical_DependentKind,
  VerticalSchema,
  type VerticalService,
} from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { PlatformError } from "@dawr/rpc";
import { idOf } from "../names.ts";
import type { CategorySettings, VerticalSettings } from "../verticals/load-verticals.ts";
import type { Deps } from "./deps.ts";
import { afterIdOf, pageOf, pageSizeOf } from "./pages.ts";

type ConfigDeps = Pick<Deps, "keys" | "verticals">;

/** The calls that show the verticals: what makes a salon, a barber, a clinic. */
export function verticals({ keys, verticals: { verticals: all } }: ConfigDeps): ServiceImpl<typeof VerticalService> {
  return {
    async getVertical({ name }) {
      const vertical = all.find(({ id }) => id === idOf(name));
      if (vertical === undefined) throw new PlatformError("NOT_FOUND", { name });
      return verticalToProto(vertical);
    },
    async listVerticals({ pageSize, pageToken }) {
      const query = { list: "verticals" };
      const rows = after(all, afterIdOf(keys, query, pageToken));
      const { page, nextPageToken } = pageOf(rows, pageSizeOf(pageSize), {
        key: keys,
        query,
        cursorOf: ({ id }) => id,
      });
      return create(ListVerticalsResponseSchema, { verticals: page.map(verticalToProto), nextPageToken });
    },
  };
}

/** The calls that show the categories, parents before children. */
export function categories({ keys, verticals: { categories: all } }: ConfigDeps): ServiceImpl<typeof CategoryService> {
  return {
    async listCategories({ vertical, pageSize, pageToken }) {
      const query = { list: "categories", vertical };
      const asked = vertical === "" ? all : all.filter((category) => category.vertical === idOf(vertical));
      const rows = after(asked, afterIdOf(keys, query, pageToken));
      const { page, nextPageToken } = pageOf(rows, pageSizeOf(pageSize), {
        key: keys,
        query,
        cursorOf: ({ id }) => id,
      });
      return create(ListCategoriesResponseSchema, { categories: page.map(categoryToProto), nextPageToken });
    },
  };
}

/** What follows an id in a list that has its own order. */
function after<T extends { readonly id: string }>(list: readonly T[], id: string | undefined): readonly T[] {
  return id === undefined ? list : list.slice(list.findIndex((item) => item.id === id) + 1);
}

function verticalToProto(vertical: VerticalSettings): Vertical {
  return create(VerticalSchema, {
    name: `verticals/${vertical.id}`,
    displayName: { texts: vertical.displayName },
    requiredDocuments: vertical.requiredDocuments,
    resourceKinds: vertical.resourceKinds,
    health: vertical.health,
    dependentKinds: vertical.dependentKinds.map((kind) => Vertical_DependentKind[kind]),
  });
}

function categoryToProto(category: CategorySettings): Category {
  return create(CategorySchema, {
    name: `categories/${category.id}`,
    displayName: { texts: category.displayName },
    parentCategory: category.parent === "" ? "" : `categories/${category.parent}`,
    vertical: `verticals/${category.vertical}`,
  });
}
