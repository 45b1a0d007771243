import { create } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { type Provider, ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { LocalizedTextSchema } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import { MoneySchema } from "@dawr/gen/dawr/type/v1/money_pb.js";
import { reasonOf } from "@dawr/rpc";
import { accountOf, as, owner, requestId, type World } from "./world.ts";

export const text = (en: string, ar: string) => create(LocalizedTextSchema, { texts: { en, ar } });
export const money = (amountMinor: bigint, currencyCode = "JOD") => create(MoneySchema, { currencyCode, amountMinor });
export const salon = {
  vertical: "verticals/salon",
  displayName: text("Yasmine Salon", "صالون ياسمين"),
  description: text("Hair and nails", "شعر وأظافر"),
  address: { regionCode: "JO", locality: "Amman", addressLines: ["1 Rainbow St"] },
  point: { latitude: 31.95, longitude: 35.91 },
  timeZone: "Asia/Amman",
  currencyCode: "JOD",
};

/** Makes a draft of a provider, whose owner the person is. */
export async function newProvider(world: World, person: string, over: object = {}): Promise<Provider> {
  const created = await world
    .client(ProviderService)
    .createProvider({ provider: { ...salon, ...over }, requestId: requestId() }, as(person));
  world.memberships.set(accountOf(person), [owner(created.name)]);
  return created;
}

/** Adds a haircut to a provider's menu. */
export async function newService(world: World, provider: string, person: string, over: object = {}) {
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

/** Makes a provider with a service and a staff member that everybody may see; answers its name. */
export async function published(world: World, person: string): Promise<string> {
  const { name } = await newProvider(world, person);
  const service = await newService(world, name, person);
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

/** The code and reason of a refusal. */
export async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof ConnectError)) throw new Error("the call was not refused", { cause: error });
  return { code: error.code, reason: reasonOf(error)?.reason, metadata: reasonOf(error)?.metadata };
}
