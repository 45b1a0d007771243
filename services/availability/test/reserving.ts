import { randomUUID } from "node:crypto";
import type { SlotItem } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import type { Reservation } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { reasonOf } from "@dawr/rpc";
import { anyStaff, at, bookingOf, type Salon, type ServiceWorld, withStaff } from "./service-world.ts";

/** What a reservation or a move asks for beyond its start. */
export type Wish = {
  readonly items?: SlotItem[];
  readonly partySize?: number;
  readonly maxGapMinutes?: number;
  readonly ignoreHours?: boolean;
  readonly booking?: string;
  readonly holdDuration?: { readonly seconds: bigint };
  readonly expireTime?: { readonly seconds: bigint };
  readonly requestId?: string;
};

/** What booking does with reservations, as tests do it; minutes are from 10:00 in Amman on Monday, 2 March 2026. */
export function reserving(world: () => ServiceWorld) {
  return {
    /** Takes time for good: colour by Basma unless told. */
    firm: (salon: Salon, minutes: number, more: Wish = {}) =>
      world().reservations.reserve({
        booking: bookingOf(salon),
        items: [withStaff(salon.colour, salon.basma)],
        startTime: at(minutes),
        requestId: randomUUID(),
        ...more,
      }),
    move: (salon: Salon, { name, fencingToken }: Reservation, minutes: number, more: Wish = {}) =>
      world().reservations.moveReservation({
        name,
        fencingToken,
        items: [withStaff(salon.colour, salon.basma)],
        startTime: at(minutes),
        requestId: randomUUID(),
        ...more,
      }),
    /** Whether a start is offered. */
    offered: async (salon: Salon, minutes: number, items = [anyStaff(salon.colour)]): Promise<boolean> => {
      const window = { startTime: at(minutes), endTime: at(minutes + 1) };
      const { slots } = await world().slots.findSlots({ provider: salon.provider, items, ...window });
      return slots.length === 1;
    },
    /** The live reservations of a salon, as its owner lists them. */
    listed: async (salon: Salon) => {
      const range = { startTime: at(-2_000), endTime: at(40_000) };
      const page = await world().members.listReservations({ parent: salon.provider, range }, world().asOwner);
      return page.reservations;
    },
    /** Pairs of stretches of one lane that overlap: there must never be any. */
    overlaps: async (): Promise<number> => {
      const rows = await world().store.read((tx) =>
        tx.query(`select from occupancy a join occupancy b on a.provider_id = b.provider_id and a.unit_id = b.unit_id
          and a.lane = b.lane and a.during && b.during and a.ctid < b.ctid`),
      );
      return rows.length;
    },
    /** What a reservation occupies: unit and lane. */
    occupied: async ({ name }: Reservation): Promise<readonly string[]> => {
      const rows = await world().store.read((tx) =>
        tx.query<{ what: string }>(
          `select unit_id || ' ' || lane as what from occupancy where reservation_id = $1 order by 1`,
          [idOf(name)],
        ),
      );
      return rows.map(({ what }) => what);
    },
    sessionsOf: async ({ provider }: Salon): Promise<number> => {
      const rows = await world().store.read((tx) =>
        tx.query("select from group_session where provider_id = $1", [idOf(provider)]),
      );
      return rows.length;
    },
  };
}

export const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** The reason for which a call was refused, nothing when it was not. */
export async function reasonFor(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return reasonOf(error)?.reason ?? String(error);
  }
}

/** The clauses for which a start was not offered. */
export async function clausesOf(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.catch((e: unknown) => e);
  return reasonOf(error)?.metadata.clauses;
}
