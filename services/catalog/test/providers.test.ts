import { Code } from "@connectrpc/connect";
import { GenderServed, Provider_State, ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { newProvider, newService, published, refusal, salon, text } from "./salon.ts";
import { accountOf, as, openWorld, requestId, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe("a provider's way", () => {
  test("given a draft with a menu, when it is submitted and approved, then strangers see it", async () => {
    const providers = world.client(ProviderService);
    const { name, state } = await newProvider(world, "nadia");
    expect(state).toBe(Provider_State.DRAFT);
    expect(await refusal(providers.getProvider({ name }))).toMatchObject({ code: Code.NotFound, reason: "NOT_FOUND" });
    expect((await providers.getProvider({ name }, as("nadia"))).name).toBe(name);
    expect(await refusal(providers.submitProvider({ name, requestId: requestId() }, as("nadia")))).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "PROVIDER_INCOMPLETE",
      metadata: { missing: "services" },
    });
    const service = await newService(world, name, "nadia");
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
    const { name } = await newProvider(world, "omar");
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
    expect(await refusal(newProvider(world, "rana", over))).toMatchObject({ code: Code.InvalidArgument, reason });
  });
});

describe("UpdateProvider", () => {
  test("given a mask, when one field is named, then only it changes; without one, all that are set", async () => {
    const providers = world.client(ProviderService);
    const { name } = await newProvider(world, "hana");
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
    const name = await published(world, "dina");
    const call = world
      .client(ProviderService)
      .updateProvider({ provider: { name, currencyCode: "USD" }, requestId: requestId() }, as("dina"));
    expect(await refusal(call)).toMatchObject({
      reason: "FIELD_IMMUTABLE",
      metadata: { field: "provider.currencyCode" },
    });
  });
});
