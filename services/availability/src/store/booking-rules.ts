import type { Tx } from "@dawr/store";
import type { BookingRules } from "../domain/calendar.ts";
import { tellAllChanged } from "./schedules.ts";

/** A provider's booking rules; version 0 has the defaults. */
export type RulesRow = {
  readonly version: bigint;
  readonly rules: BookingRules;
  readonly updateTime: Temporal.Instant | undefined;
};

export async function loadRules(tx: Tx, providerId: string, defaults: BookingRules): Promise<RulesRow> {
  const [row] = await tx.query<Row>("select version, content, update_time from booking_rules where provider_id = $1", [
    providerId,
  ]);
  return rowOf(row, defaults);
}

/** Reads the rules and keeps others from writing them until the transaction ends. */
export async function lockRules(tx: Tx, providerId: string, defaults: BookingRules): Promise<RulesRow> {
  await tx.query(
    `insert into booking_rules (provider_id, version, content, update_time) values ($1, 0, '{}', clock_now()) on conflict do nothing`,
    [providerId],
  );
  const [row] = await tx.query<Row>(
    "select version, content, update_time from booking_rules where provider_id = $1 for update",
    [providerId],
  );
  return rowOf(row, defaults);
}

/** Writes rules that were locked, and tells subscribers that all of the provider's time may have changed. */
export async function saveRules(
  tx: Tx,
  providerId: string,
  rules: BookingRules,
  defaults: BookingRules,
): Promise<RulesRow> {
  const [row] = await tx.query<Row>(
    `update booking_rules set version = version + 1, content = $2, update_time = clock_now()
      where provider_id = $1 returning version, content, update_time`,
    [providerId, JSON.stringify(rules)],
  );
  tellAllChanged(tx, providerId);
  return rowOf(row, defaults);
}

type Row = {
  readonly version: bigint;
  readonly content: Partial<BookingRules>;
  readonly update_time: Temporal.Instant;
};

function rowOf(row: Row | undefined, defaults: BookingRules): RulesRow {
  return {
    version: row?.version ?? 0n,
    rules: { ...defaults, ...row?.content },
    updateTime: row && row.version > 0n ? row.update_time : undefined,
  };
}
