import type { Tx } from "@dawr/store";
import type { Schedule } from "../domain/schedule.ts";
import { changeChannel } from "./changes.ts";
import { type ScheduleJson, scheduleFromJson, scheduleToJson } from "./schedule-json.ts";

/** A schedule's row; without a schedule its owner follows the provider's. Version 0 was never written. */
export type ScheduleRow = {
  readonly version: bigint;
  readonly schedule: Schedule | undefined;
  readonly updateTime: Temporal.Instant | undefined;
};

/** Whether the provider, or its staff member or resource, is known here. */
export async function ownerExists(
  tx: Tx,
  providerId: string,
  ownerId: string,
  kind: "PROVIDER" | "STAFF" | "RESOURCE",
): Promise<boolean> {
  const rows =
    kind === "PROVIDER"
      ? await tx.query("select 1 from provider where provider_id = $1", [providerId])
      : await tx.query("select 1 from unit where provider_id = $1 and unit_id = $2 and kind = $3", [
          providerId,
          ownerId,
          kind,
        ]);
  return rows.length > 0;
}

export async function loadSchedule(tx: Tx, providerId: string, ownerId: string): Promise<ScheduleRow> {
  const [row] = await tx.query<Row>(
    "select version, content, update_time from schedule where provider_id = $1 and owner_id = $2",
    [providerId, ownerId],
  );
  return rowOf(row);
}

/** Reads a schedule and keeps others from writing it until the transaction ends. */
export async function lockSchedule(tx: Tx, providerId: string, ownerId: string): Promise<ScheduleRow> {
  await tx.query(
    `insert into schedule (provider_id, owner_id, version, update_time) values ($1, $2, 0, clock_now()) on conflict do nothing`,
    [providerId, ownerId],
  );
  const [row] = await tx.query<Row>(
    "select version, content, update_time from schedule where provider_id = $1 and owner_id = $2 for update",
    [providerId, ownerId],
  );
  return rowOf(row);
}

/** Writes a schedule that was locked, and tells subscribers that all of the provider's time may have changed. */
export async function saveSchedule(
  tx: Tx,
  providerId: string,
  ownerId: string,
  schedule: Schedule | undefined,
): Promise<ScheduleRow> {
  const [row] = await tx.query<Row>(
    `update schedule set version = version + 1, content = $3, update_time = clock_now()
      where provider_id = $1 and owner_id = $2 returning version, content, update_time`,
    [providerId, ownerId, schedule ? JSON.stringify(scheduleToJson(schedule)) : null],
  );
  tellAllChanged(tx, providerId);
  return rowOf(row);
}

/** Tells subscribers and the publisher that any of a provider's days may have changed. */
export function tellAllChanged(tx: Tx, providerId: string): void {
  tx.post("select tell_change($1, clock_now() - interval '1 day', clock_now() + interval '3 years')", [providerId]);
  tx.notify(changeChannel, providerId);
}

type Row = { readonly version: bigint; readonly content: ScheduleJson | null; readonly update_time: Temporal.Instant };

function rowOf(row: Row | undefined): ScheduleRow {
  return {
    version: row?.version ?? 0n,
    schedule: row?.content ? scheduleFromJson(row.content) : undefined,
    updateTime: row && row.version > 0n ? row.update_time : undefined,
  };
}
