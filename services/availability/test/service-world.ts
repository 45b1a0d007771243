import { create, type Message } from "@bufbuild/protobuf";
import { parseConfig } from "@dawr/config";
import { eventsMigrations } from "@dawr/events";
import { AvailabilityService, type SlotItem, SlotItemSchema } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { type Schedule, ScheduleSchema, ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { Provider_State, ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { Resource_State, ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMember_State, StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { guard, memoryCaller, type PlatformAuth } from "@dawr/rpc";
import { openKeyRing } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { type TestClock, testClock, testIds, testStore } from "@dawr/testkit";
import { config, defaultRules } from "../src/config.ts";
import { importResources } from "../src/import-resources.ts";
import { availability } from "../src/service.ts";

const ids = testIds("availability");
export const newId = ids;

/** The names of a small salon in Amman: two staff members, one of whom also colours; a room of two chairs; a class of six. */
export type Salon = {
  readonly provider: string;
  readonly cut: string;
  readonly colour: string;
  readonly yoga: string;
  readonly amal: string;
  readonly basma: string;
  readonly chairs: string;
};

/** A service on a real database, with its clock, called as a workload, as its owner, and as a stranger. */
export async function serviceWorld(start = "2026-03-01T06:00:00Z", env: Record<string, string> = {}) {
  const clock: TestClock = testClock(start);
  const store = await testStore({
    schema: "availability",
    folders: [eventsMigrations, new URL("../migrations/", import.meta.url)],
    now: clock.now,
    maxConnections: 30,
  });
  const keys = await openKeyRing({ versions: [{ version: 1, key: Buffer.alloc(32, 7) }] });
  const values = parseConfig(config, env);
  const owned = new Set<string>();
  const auth: PlatformAuth = {
    verifyUser: async (token) => ({ account: `accounts/${token}`, session: token, roles: [], token }),
    verifyWorkload: async (token) => token,
    memberships: async (account) =>
      account === "accounts/owner"
        ? [...owned].map((provider) => ({
            provider,
            role: "owner",
            permissions: ["schedule.write", "schedule.read", "bookings.read"],
          }))
        : [],
    revokeSession: () => undefined,
    forgetMemberships: () => undefined,
  };
  const logged: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line)) };
  const log = createLogger({ service: "availability", level: "error", destination });
  let snapshots = 0;
  const counted: typeof store = {
    ...store,
    readSnapshot: (work) => {
      snapshots += 1;
      return store.readSnapshot(work);
    },
  };
  const mountable = await availability.start({
    name: "availability",
    config: values,
    store: counted,
    client: () => {
      throw new Error("availability calls nobody");
    },
    now: clock.now,
    newId: ids,
    log,
    keys,
    auth,
    mounted: () => [],
    enqueue: async () => undefined,
  });
  const mounted = guard({
    service: "availability",
    implementations: mountable.implementations ?? [],
    errors: [availability.errors],
    auth,
    log,
  });
  const inside = memoryCaller(() => [mounted], { workload: "booking" });
  const outside = memoryCaller(() => [mounted]);
  const defaults = defaultRules(values);

  async function importAll(resources: readonly Message[]): Promise<void> {
    await store.transaction((tx) => importResources(tx, resources, defaults));
    for (const resource of resources)
      if (resource.$typeName === ProviderSchema.typeName && "name" in resource) owned.add(String(resource.name));
  }

  return {
    clock,
    store,
    /** How often the service has looked at a snapshot so far, as streams do. */
    snapshots: () => snapshots,
    /** What was logged as an error, in order. */
    logged,
    parts: mountable,
    slots: outside.client(AvailabilityService),
    schedules: outside.client(ScheduleService),
    members: outside.client(ReservationService),
    reservations: inside.client(ReservationService),
    asOwner: { headers: { authorization: "Bearer owner" } },
    asStranger: { headers: { authorization: "Bearer stranger" } },
    importAll,
    /** A new salon, open from 9 to 17 in Amman every day. */
    salon: async (): Promise<Salon> => {
      const salon = salonNames();
      await importAll(salonResources(salon));
      return salon;
    },
    drop: () => store.drop(),
  };
}

export type ServiceWorld = Awaited<ReturnType<typeof serviceWorld>>;

/** 10:00 in Amman on 2 March 2026, a Monday, and minutes from then. */
export function at(minutes = 0): { readonly seconds: bigint } {
  return { seconds: BigInt(Temporal.Instant.from("2026-03-02T07:00:00Z").epochMilliseconds / 1000 + minutes * 60) };
}

export function anyStaff(service: string): SlotItem {
  return create(SlotItemSchema, { service, staffChoice: { case: "anyStaff", value: true } });
}

export function withStaff(service: string, staff: string): SlotItem {
  return create(SlotItemSchema, { service, staffChoice: { case: "staffMember", value: staff } });
}

export function bookingOf({ provider }: Salon): string {
  return `${provider}/bookings/${ids()}`;
}

export function salonNames(): Salon {
  const provider = `providers/${ids()}`;
  return {
    provider,
    cut: `${provider}/services/${ids()}`,
    colour: `${provider}/services/${ids()}`,
    yoga: `${provider}/services/${ids()}`,
    amal: `${provider}/staff/${ids()}`,
    basma: `${provider}/staff/${ids()}`,
    chairs: `${provider}/resources/${ids()}`,
  };
}

/** Cut: 30 minutes, 10 after, one of two chairs, by either. Colour: 60 minutes by Basma. Yoga: 60 minutes for six by Amal. */
export function salonResources(salon: Salon): readonly Message[] {
  const active = Service_State.ACTIVE;
  return [
    create(ProviderSchema, { name: salon.provider, timeZone: "Asia/Amman", state: Provider_State.PUBLISHED }),
    create(ServiceSchema, {
      name: salon.cut,
      durationMinutes: 30,
      bufferAfterMinutes: 10,
      resourceRequirements: [{ kind: "chair" }],
      state: active,
    }),
    create(ServiceSchema, { name: salon.colour, durationMinutes: 60, state: active }),
    create(ServiceSchema, { name: salon.yoga, durationMinutes: 60, groupCapacity: 6, state: active }),
    create(StaffMemberSchema, {
      name: salon.amal,
      skills: [{ service: salon.cut }, { service: salon.yoga }],
      state: StaffMember_State.ACTIVE,
    }),
    create(StaffMemberSchema, {
      name: salon.basma,
      skills: [{ service: salon.cut }, { service: salon.colour }],
      state: StaffMember_State.ACTIVE,
    }),
    create(ResourceSchema, { name: salon.chairs, kind: "chair", capacity: 2, state: Resource_State.ACTIVE }),
    openDaily(`${salon.provider}/schedule`, 9 * 60, 17 * 60),
  ];
}

export function openDaily(name: string, startMinute: number, endMinute: number): Schedule {
  return create(ScheduleSchema, {
    name,
    weeklyHours: [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, hours: { open: [{ startMinute, endMinute }] } })),
  });
}
