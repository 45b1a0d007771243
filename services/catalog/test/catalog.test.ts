import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import {
  GenderServed,
  type Provider,
  Provider_State,
  ProviderSchema,
  ProviderService,
} from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ResourceService } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { ReviewSchema, ReviewService } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import {
  AddOnSchema,
  PriceType,
  ServiceMenuService,
  ServiceSchema,
} from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMemberSchema, StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { LocalizedTextSchema } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import { MoneySchema } from "@dawr/gen/dawr/type/v1/money_pb.js";
import { reasonOf } from "@dawr/rpc";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { importResources } from "../src/store/import-resources.ts";
import { accountOf, as, openWorld, owner, requestId, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** The code and reason of a refusal. */
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof ConnectError)) throw new Error("the call was not refused", { cause: error });
  return { code: error.code, reason: reasonOf(error)?.reason, metadata: reasonOf(error)?.metadata };
}

const text = (en: string, ar: string) => create(LocalizedTextSchema, { texts: { en, ar } });
const money = (amountMinor: bigint, currencyCode = "JOD") => create(MoneySchema, { currencyCode, amountMinor });
const salon = {
  vertical: "verticals/salon",
  displayName: text("Yasmine Salon", "صالون ياسمين"),
  description: text("Hair and nails", "شعر وأظافر"),
  address: { regionCode: "JO", locality: "Amman", addressLines: ["1 Rainbow St"] },
  point: { latitude: 31.95, longitude: 35.91 },
  timeZone: "Asia/Amman",
  currencyCode: "JOD",
};

async function newProvider(person: string, over: object = {}): Promise<Provider> {
  const created = await world
    .client(ProviderService)
    .createProvider({ provider: { ...salon, ...over }, requestId: requestId() }, as(person));
  world.memberships.set(accountOf(person), [owner(created.name)]);
  return created;
}

async function newService(provider: string, person: string, over: object = {}) {
  return world.client(ServiceMenuService).createService(
    {
      parent: provider,
      service: {
        category: "categories/haircut",
        displayName: text("Haircut", "قص"),
        price: money(10_000n),
        durationMinutes: 45,
        ...over,
      },
      requestId: requestId(),
    },
    as(person),
  );
}

async function published(person: string): Promise<string> {
  const { name } = await newProvider(person);
  const service = await newService(name, person);
  await world.client(StaffService).createStaffMember(
    {
      parent: name,
      staffMember: { displayName: text("Lina", "لينا"), skills: [{ service: service.name }] },
      requestId: requestId(),
    },
    as(person),
  );
  const providers = world.client(ProviderService);
  await providers.submitProvider({ name, requestId: requestId() }, as(person));
  await providers.approveProvider({ name, verified: true, requestId: requestId() }, as("operator"));
  return name;
}

describe("a provider's way", () => {
  test("given a draft with a menu, when it is submitted and approved, then strangers see it", async () => {
    const providers = world.client(ProviderService);
    const { name, state } = await newProvider("nadia");
    expect(state).toBe(Provider_State.DRAFT);
    expect(await refusal(providers.getProvider({ name }))).toMatchObject({ code: Code.NotFound, reason: "NOT_FOUND" });
    expect((await providers.getProvider({ name }, as("nadia"))).name).toBe(name);
    expect(await refusal(providers.submitProvider({ name, requestId: requestId() }, as("nadia")))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "PROVIDER_INCOMPLETE",
      metadata: { missing: "services" },
    });
    const service = await newService(name, "nadia");
    await world.client(StaffService).createStaffMember(
      {
        parent: name,
        staffMember: {
          displayName: text("Lina", "لينا"),
          account: accountOf("lina"),
          skills: [{ service: service.name }],
        },
        requestId: requestId(),
      },
      as("nadia"),
    );
    expect((await providers.submitProvider({ name, requestId: requestId() }, as("nadia"))).state).toBe(
      Provider_State.SUBMITTED,
    );
    const rejected = await providers.rejectProvider(
      { name, reason: "blurred papers", requestId: requestId() },
      as("operator"),
    );
    expect(rejected).toMatchObject({ state: Provider_State.REJECTED, stateReason: "blurred papers" });
    await providers.submitProvider({ name, requestId: requestId() }, as("nadia"));
    const approved = await providers.approveProvider({ name, verified: true, requestId: requestId() }, as("operator"));
    expect(approved).toMatchObject({ state: Provider_State.PUBLISHED, verified: true, stateReason: "" });
    expect(approved.publishTime).toBeDefined();
    const seen = await providers.getProvider({ name });
    expect(seen).toMatchObject({ name, verified: true, state: Provider_State.PUBLISHED });
    const { staffMembers } = await world.client(StaffService).listStaffMembers({ parent: name });
    expect(staffMembers.map(({ account }) => account)).toEqual([""]);
    const suspended = await providers.suspendProvider(
      { name, reason: "complaints", requestId: requestId() },
      as("operator"),
    );
    expect(suspended.state).toBe(Provider_State.SUSPENDED);
    expect(await refusal(world.client(ServiceMenuService).getService({ name: service.name }))).toMatchObject({
      reason: "NOT_FOUND",
    });
    const { services } = await world.client(ServiceMenuService).batchGetServices({ names: [service.name] });
    expect(services).toEqual([]);
    expect((await providers.reinstateProvider({ name, requestId: requestId() }, as("operator"))).state).toBe(
      Provider_State.PUBLISHED,
    );
    const types = (await world.events())
      .filter((e) => name.endsWith(e.key))
      .map((e) => [e.type.split(".").at(-1), e.sequence]);
    expect(types).toEqual([
      ["ProviderChanged", 1n],
      ["ProviderChanged", 2n],
      ["ProviderChanged", 3n],
      ["ProviderChanged", 4n],
      ["ProviderPublished", 5n],
      ["ProviderSuspended", 6n],
      ["ProviderPublished", 7n],
    ]);
  });

  test("given a new provider, when its stored step runs, then identity was asked to make the creator its owner", async () => {
    const { name } = await newProvider("omar");
    const [row] = await world.store.read((tx) =>
      tx.query<{ id: string; key: string; name: string; payload: unknown }>(
        "select id, key, name, payload from saga_step where runner = 'catalog.owner' and key = $1",
        [name.split("/")[1]],
      ),
    );
    const done: string[] = [];
    await world.parts.steps?.[0]?.run({
      ...{ id: row?.id ?? "", key: row?.key ?? "", name: row?.name ?? "", payload: row?.payload },
      attempt: 1,
      signal: new AbortController().signal,
      done: async () => void done.push(name),
      later: async () => {},
    });
    expect(done).toEqual([name]);
    expect(world.createdMembers.at(-1)).toMatchObject({ parent: name, membership: { account: accountOf("omar") } });
  });

  test("given the same request id, when CreateProvider is called again, then it is the same provider", async () => {
    const request = { provider: salon, requestId: requestId() };
    const providers = world.client(ProviderService);
    const [first, second] = await Promise.all([
      providers.createProvider(request, as("sami")),
      providers.createProvider(request, as("sami")),
    ]);
    expect(second.name).toBe(first.name);
    const other = { ...request, provider: { ...salon, currencyCode: "USD" } };
    expect(await refusal(providers.createProvider(other, as("sami")))).toMatchObject({ reason: "REQUEST_ID_REUSED" });
  });

  test.each([
    [{ vertical: "verticals/bakery" }, "VERTICAL_UNKNOWN"],
    [{ timeZone: "Asia/Nowhere" }, "TIME_ZONE_UNKNOWN"],
    [{ currencyCode: "EUR" }, "CURRENCY_WRONG"],
  ])("given %j, when a provider is created, then it is refused with %s", async (over, reason) => {
    expect(await refusal(newProvider("rana", over))).toMatchObject({ code: Code.InvalidArgument, reason });
  });
});

describe("UpdateProvider", () => {
  test("given a mask, when one field is named, then only it changes; without one, all that are set", async () => {
    const providers = world.client(ProviderService);
    const { name } = await newProvider("hana");
    const masked = await providers.updateProvider(
      {
        provider: { name, description: text("New", "جديد"), amenities: ["wifi"] },
        updateMask: { paths: ["amenities"] },
        requestId: requestId(),
      },
      as("hana"),
    );
    expect(masked).toMatchObject({ amenities: ["wifi"], description: salon.description, etag: "2" });
    const all = await providers.updateProvider(
      { provider: { name, genderServed: GenderServed.WOMEN, etag: "2" }, requestId: requestId() },
      as("hana"),
    );
    expect(all).toMatchObject({ amenities: ["wifi"], genderServed: GenderServed.WOMEN });
    const stale = providers.updateProvider(
      { provider: { name, amenities: ["parking"], etag: "2" }, requestId: requestId() },
      as("hana"),
    );
    expect(await refusal(stale)).toMatchObject({ code: Code.Aborted, reason: "ETAG_MISMATCH" });
    const cleared = providers.updateProvider(
      { provider: { name }, updateMask: { paths: ["point"] }, requestId: requestId() },
      as("hana"),
    );
    expect(await refusal(cleared)).toMatchObject({ reason: "VALIDATION_FAILED" });
    const stranger = providers.updateProvider(
      { provider: { name, amenities: ["x"] }, requestId: requestId() },
      as("eve"),
    );
    expect(await refusal(stranger)).toMatchObject({ code: Code.NotFound });
  });

  test("given a published provider, when its currency is changed, then it is refused", async () => {
    const name = await published("dina");
    const call = world
      .client(ProviderService)
      .updateProvider({ provider: { name, currencyCode: "USD" }, requestId: requestId() }, as("dina"));
    expect(await refusal(call)).toMatchObject({ reason: "FIELD_IMMUTABLE", metadata: { field: "currency_code" } });
  });
});

describe("the menu", () => {
  test("given services, when they change and are archived, then add-ons keep their names and archived ones stay", async () => {
    const menu = world.client(ServiceMenuService);
    const { name } = await newProvider("maya");
    await world.client(ResourceService).createResource(
      {
        parent: name,
        resource: { displayName: text("Chairs", "كراسي"), kind: "chair", capacity: 3 },
        requestId: requestId(),
      },
      as("maya"),
    );
    const service = await newService(name, "maya", {
      priceType: PriceType.FROM,
      resourceRequirements: [{ kind: "chair" }],
      addOns: [{ displayName: text("Mask", "ماسك"), price: money(3_000n), durationMinutes: 10 }],
    });
    const [addOn] = service.addOns;
    expect(addOn?.name).toMatch(new RegExp(`^${service.name}/addOns/`));
    const updated = await menu.updateService(
      {
        service: {
          name: service.name,
          addOns: [
            create(AddOnSchema, { name: addOn?.name ?? "", displayName: text("Mask", "ماسك"), price: money(4_000n) }),
            create(AddOnSchema, { displayName: text("Oil", "زيت"), price: money(1_000n) }),
          ],
        },
        updateMask: { paths: ["add_ons"] },
        requestId: requestId(),
      },
      as("maya"),
    );
    expect(updated.addOns[0]).toMatchObject({ name: addOn?.name, price: money(4_000n) });
    expect(updated.addOns[1]?.name).toMatch(/addOns/);
    await menu.archiveService({ name: service.name, requestId: requestId() }, as("maya"));
    const again = await menu.archiveService({ name: service.name, requestId: requestId() }, as("maya"));
    expect(again.etag).toBe("3");
    expect(
      await refusal(
        menu.updateService({ service: { name: service.name, minAgeYears: 3 }, requestId: requestId() }, as("maya")),
      ),
    ).toMatchObject({
      reason: "ARCHIVED",
    });
    expect((await menu.listServices({ parent: name }, as("maya"))).services).toEqual([]);
    expect((await menu.listServices({ parent: name, showArchived: true }, as("maya"))).services).toHaveLength(1);
  });

  test.each([
    [{ category: "categories/botox" }, "CATEGORY_UNKNOWN"],
    [{ price: money(10n, "USD") }, "CURRENCY_WRONG"],
    [{ resourceRequirements: [{ kind: "room" }] }, "REFERENCE_UNKNOWN"],
    [{ addOns: [{ displayName: text("a", "b"), price: money(1n, "AED") }] }, "CURRENCY_WRONG"],
  ])("given %j, when a service is created, then it is refused with %s", async (over, reason) => {
    const { name } = await newProvider("layan");
    expect(await refusal(newService(name, "layan", over))).toMatchObject({ reason });
  });

  test("given skills of another provider's service, when a staff member is created, then it is refused", async () => {
    const other = await newProvider("aya");
    const foreign = await newService(other.name, "aya");
    const { name } = await newProvider("mona");
    const call = world.client(StaffService).createStaffMember(
      {
        parent: name,
        staffMember: { displayName: text("a", "b"), skills: [{ service: foreign.name }] },
        requestId: requestId(),
      },
      as("mona"),
    );
    expect(await refusal(call)).toMatchObject({ reason: "REFERENCE_UNKNOWN", metadata: { name: foreign.name } });
  });

  test("given five services, when they are listed by two, then each comes once, and a foreign token is refused", async () => {
    const menu = world.client(ServiceMenuService);
    const name = await published("rania");
    for (let i = 0; i < 4; i += 1) await newService(name, "rania");
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await menu.listServices({ parent: name, pageSize: 2, pageToken });
      names.push(...page.services.map((s) => s.name));
      ({ nextPageToken: pageToken } = page);
    } while (pageToken !== "");
    expect(new Set(names).size).toBe(5);
    const { nextPageToken } = await menu.listServices({ parent: name, pageSize: 2 });
    const foreign = menu.listServices({
      parent: name,
      pageSize: 2,
      category: "categories/facial",
      pageToken: nextPageToken,
    });
    expect(await refusal(foreign)).toMatchObject({ code: Code.InvalidArgument, reason: "PAGE_TOKEN_INVALID" });
    const workload = await world
      .client(ServiceMenuService, "booking")
      .batchGetServices({ names: [...names].reverse() });
    expect(workload.services.map((s) => s.name)).toEqual([...names].reverse());
  });
});

describe("reviews", () => {
  test("given a completed booking, when its customer reviews it twice, then once counts and the rating follows", async () => {
    const name = await published("farah");
    const booking = `${name}/bookings/${requestId()}`;
    world.bookings.set(booking, { account: accountOf("customer") });
    const reviews = world.client(ReviewService);
    const request = {
      parent: name,
      review: { booking, rating: 4, text: "جيد", languageCode: "ar" },
      requestId: requestId(),
    };
    const review = await reviews.createReview(request, as("customer"));
    expect(await reviews.createReview(request, as("customer"))).toEqual(review);
    const twice = reviews.createReview({ ...request, requestId: requestId() }, as("customer"));
    expect(await refusal(twice)).toMatchObject({ code: Code.AlreadyExists, reason: "REVIEW_EXISTS" });
    const stranger = reviews.createReview({ ...request, requestId: requestId() }, as("somebody"));
    expect(await refusal(stranger)).toMatchObject({ reason: "BOOKING_NOT_REVIEWABLE" });
    const unknown = { ...request.review, booking: `${name}/bookings/${requestId()}` };
    const missing = reviews.createReview({ parent: name, review: unknown, requestId: requestId() }, as("customer"));
    expect(await refusal(missing)).toMatchObject({ reason: "BOOKING_NOT_REVIEWABLE" });
    expect((await world.client(ProviderService).getProvider({ name })).rating).toMatchObject({ average: 4, count: 1 });
    expect((await reviews.listReviews({ parent: name })).reviews).toMatchObject([
      { rating: 4, text: "جيد", booking: "" },
    ]);
    expect((await reviews.listReviews({ parent: name }, as("customer"))).reviews).toMatchObject([{ booking }]);
  });
});

test("given one visit and 16 reviews of it at once, then one counts", async () => {
  const name = await published("jana");
  const booking = `${name}/bookings/${requestId()}`;
  world.bookings.set(booking, { account: accountOf("customer") });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 16 }, () =>
      world
        .client(ReviewService)
        .createReview({ parent: name, review: { booking, rating: 5 }, requestId: requestId() }, as("customer")),
    ),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await world.client(ProviderService).getProvider({ name })).rating).toMatchObject({ average: 5, count: 1 });
});

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
