import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { Provider_State, ProviderSchema, ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ReviewSchema } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMemberSchema, StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { importResources } from "../src/store/import-resources.ts";
import { money, refusal, salon, text } from "./salon.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test("verticals and categories are configuration in both languages", async () => {
  const { verticals } = await world.client(VerticalService).listVerticals({});
  expect(verticals.map(({ name }) => name)).toEqual(
    ["salon", "barber", "aesthetic-clinic", "stylist", "pet-clinic"].map((v) => `verticals/${v}`),
  );
  const first = await world.client(CategoryService).listCategories({ pageSize: 20 });
  const rest = await world.client(CategoryService).listCategories({ pageSize: 100, pageToken: first.nextPageToken });
  const all = [...first.categories, ...rest.categories];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(
    all.every(({ displayName }) => displayName?.texts.en !== undefined && displayName.texts.ar !== undefined),
  ).toBe(true);
  expect(await refusal(world.client(VerticalService).getVertical({ name: "verticals/bakery" }))).toMatchObject({
    code: Code.NotFound,
  });
});

test("importResources stores whole resources once, with the rating of their reviews", async () => {
  const id = "01900000-0000-7000-8000-00000000000a";
  const name = `providers/${id}`;
  const resources = [
    create(ProviderSchema, { ...salon, name, state: Provider_State.PUBLISHED, rating: { average: 4.5, count: 2 } }),
    create(ServiceSchema, {
      name: `${name}/services/${id}`,
      category: "categories/haircut",
      displayName: text("a", "b"),
      price: money(1n),
      durationMinutes: 30,
    }),
    create(StaffMemberSchema, {
      name: `${name}/staff/${id}`,
      displayName: text("a", "b"),
      skills: [{ service: `${name}/services/${id}` }],
    }),
    create(ReviewSchema, { name: `${name}/reviews/${id}`, booking: `${name}/bookings/${id}`, rating: 5 }),
  ];
  for (let i = 0; i < 2; i += 1) {
    await world.store.transaction((tx) => importResources(tx, resources, world.clock.now()));
  }
  expect(await world.client(ProviderService).getProvider({ name })).toMatchObject({
    rating: { average: 4.5, count: 2 },
    etag: "1",
  });
  expect((await world.client(StaffService).listStaffMembers({ parent: name })).staffMembers).toHaveLength(1);
});
