import { randomBytes, randomUUID } from "node:crypto";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { parseConfig } from "@dawr/config";
import { eventsMigrations } from "@dawr/events";
import { Booking_State, BookingService } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { AccessService, type CreateMemberRequest } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import {
  guard,
  implement,
  type Membership,
  type Mounted,
  memoryCaller,
  PlatformError,
  platformErrors,
} from "@dawr/rpc";
import type { Host, Parts } from "@dawr/runtime";
import { openKeyRing } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { type TestStore, testClock, testIds, testStore } from "@dawr/testkit";
import { errors } from "../src/rpc/errors.ts";
import { catalog } from "../src/service.ts";

/** The catalogue on a real database, with people who sign in by their name. */
export type World = {
  readonly store: TestStore;
  readonly parts: Parts;
  readonly clock: ReturnType<typeof testClock>;
  /** Who belongs where; a test writes it as identity would. */
  readonly memberships: Map<string, Membership[]>;
  /** What booking answers. */
  readonly bookings: Map<string, { readonly account: string; readonly state?: Booking_State }>;
  /** What identity was asked. */
  readonly createdMembers: CreateMemberRequest[];
  client<S extends DescService>(service: S, workload?: string): Client<S>;
  events(): Promise<readonly { type: string; key: string; sequence: bigint; data: Uint8Array }[]>;
  close(): Promise<void>;
};

const runtimeMigrations = new URL("../../../packages/runtime/migrations/", import.meta.url);

export async function openWorld(): Promise<World> {
  const clock = testClock("2026-03-01T09:00:00Z");
  const newId = testIds("catalog");
  const store = await testStore({
    schema: "catalog",
    folders: [eventsMigrations, runtimeMigrations, ...(catalog.migrations === undefined ? [] : [catalog.migrations])],
    now: clock.now,
  });
  const memberships = new Map<string, Membership[]>();
  const bookings: World["bookings"] = new Map();
  const createdMembers: CreateMemberRequest[] = [];
  const log = createLogger({ service: "catalog", level: "silent" });
  const auth: Host["auth"] = {
    verifyUser: async (token) => ({
      account: accountOf(token),
      session: token,
      roles: token === "operator" ? ["admin"] : ["customer"],
      token,
    }),
    verifyWorkload: async (token) => token,
    memberships: async (account) => memberships.get(account) ?? [],
    revokeSession: () => {},
    forgetMemberships: () => {},
  };
  const mounted: Mounted[] = [];
  const others = guard({
    service: "others",
    implementations: [
      implement(BookingService, {
        async getBooking({ name }) {
          const booking = bookings.get(name);
          if (booking === undefined) throw new PlatformError("NOT_FOUND", { name });
          return { state: Booking_State.COMPLETED, ...booking, name };
        },
      }),
      implement(AccessService, {
        async createMember(request) {
          createdMembers.push(request);
          return request.membership ?? {};
        },
      }),
    ],
    errors: [platformErrors],
    auth,
    log,
  });
  const caller = (workload?: string) => memoryCaller(() => mounted, workload === undefined ? {} : { workload });
  const keys = await openKeyRing({ versions: [{ version: 1, key: randomBytes(32) }] });
  const host: Host<typeof catalog.config> = {
    name: "catalog",
    config: parseConfig(catalog.config, {}),
    store,
    client: (service) => caller("catalog").client(service),
    now: clock.now,
    newId,
    log,
    keys,
    auth,
    mounted: () => mounted,
    enqueue: async () => {},
  };
  const parts = await catalog.start(host);
  mounted.push(
    guard({ service: "catalog", implementations: parts.implementations ?? [], errors: [errors], auth, log }),
    others,
  );
  return {
    store,
    parts,
    clock,
    memberships,
    bookings,
    createdMembers,
    client: (service, workload) => caller(workload).client(service),
    events: () => store.read((tx) => tx.query("select type, key, sequence, data from outbox order by key, sequence")),
    close: () => store.drop(),
  };
}

/** Call options of somebody who signed in. */
export const as = (person: string) => ({ headers: { authorization: `Bearer ${person}` } });

/** "accounts/{id}" of a person; the same each time. */
export function accountOf(person: string): string {
  const hex = Buffer.from(person.padEnd(16, "_")).toString("hex").slice(0, 32);
  return `accounts/${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const requestId = (): string => randomUUID();

/** What an owner may do. */
export const owner = (provider: string): Membership => ({
  provider,
  role: "PROVIDER",
  permissions: ["provider.write", "menu.write", "staff.write", "resources.write"],
});
