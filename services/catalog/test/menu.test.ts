import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ResourceService } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { AddOnSchema, PriceType, ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { money, newProvider, newService, published, refusal, text } from "./salon.ts";
import { as, openWorld, requestId, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe("the menu", () => {
  test("given services, when they change and are archived, then add-ons keep their names and archived ones stay", async () => {
    const menu = world.client(ServiceMenuService);
    const { name } = await newProvider(world, "maya");
    await world.client(ResourceService).createResource(
      {
        parent: name,
        resource: { displayName: text("Chairs", "كراسي"), kind: "chair", capacity: 3 },
        requestId: requestId(),
      },
      as("maya"),
    );
    const service = await newService(world, name, "maya", {
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
    const { name } = await newProvider(world, "layan");
    expect(await refusal(newService(world, name, "layan", over))).toMatchObject({ reason });
  });

  test("given a service at the customer's, when it becomes one online, then only instead, not as well (BK-13)", async () => {
    const menu = world.client(ServiceMenuService);
    const { name: parent } = await newProvider(world, "layan");
    const { name } = await newService(world, parent, "layan", { atCustomer: true });
    const update = (service: object, paths: string[]) =>
      menu.updateService({ service: { name, ...service }, updateMask: { paths }, requestId: requestId() }, as("layan"));
    const both = { reason: "VALIDATION_FAILED" };
    expect(await refusal(update({ online: true }, ["online"]))).toMatchObject(both);
    expect(await refusal(newService(world, parent, "layan", { atCustomer: true, online: true }))).toMatchObject(both);
    expect(await update({ online: true }, ["at_customer", "online"])).toMatchObject({
      atCustomer: false,
      online: true,
    });
    expect(await menu.getService({ name }, as("layan"))).toMatchObject({ atCustomer: false, online: true });
  });

  test("given skills of another provider's service, when a staff member is created, then it is refused", async () => {
    const other = await newProvider(world, "aya");
    const foreign = await newService(world, other.name, "aya");
    const { name } = await newProvider(world, "mona");
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
    const name = await published(world, "rania");
    for (let i = 0; i < 4; i += 1) await newService(world, name, "rania");
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
