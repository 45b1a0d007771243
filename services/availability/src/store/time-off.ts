import type { Tx } from "@dawr/store";
import { changeChannel } from "./changes.ts";

/** A time off's row. */
export type TimeOffRow = {
  readonly time_off_id: string;
  readonly owner_id: string;
  readonly kind: "STAFF" | "RESOURCE" | null;
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
  readonly content: { readonly reason: string };
  readonly create_time: Temporal.Instant;
};

/** Stores a time off and tells who watches the time that it covers. */
export async function insertTimeOff(
  tx: Tx,
  off: {
    readonly providerId: string;
    readonly id: string;
    readonly ownerId: string;
    readonly from: Temporal.Instant;
    readonly to: Temporal.Instant;
    readonly reason: string;
  },
): Promise<void> {
  await tx.query(
    `insert into time_off (provider_id, time_off_id, owner_id, during, content, create_time)
     values ($1, $2, $3, tstzrange($4::timestamptz, $5::timestamptz, '[)'), $6, clock_now())`,
    [
      off.providerId,
      off.id,
      off.ownerId,
      off.from.toString(),
      off.to.toString(),
      JSON.stringify({ reason: off.reason }),
    ],
  );
  tx.post("select tell_change($1, $2::timestamptz, $3::timestamptz)", [
    off.providerId,
    off.from.toString(),
    off.to.toString(),
  ]);
  tx.notify(changeChannel, off.providerId);
}

/** Deletes a time off; answers whether there was one. */
export async function deleteTimeOff(tx: Tx, providerId: string, id: string): Promise<boolean> {
  const rows = await tx.query(
    `with gone as (delete from time_off where provider_id = $1 and time_off_id = $2 returning during)
     select tell_change($1, lower(during), upper(during)) from gone`,
    [providerId, id],
  );
  tx.notify(changeChannel, providerId);
  return rows.length > 0;
}

export async function loadTimeOff(tx: Tx, providerId: string, id: string): Promise<TimeOffRow | undefined> {
  const [row] = await tx.query<TimeOffRow>(`${SELECT} where t.provider_id = $1 and t.time_off_id = $2`, [
    providerId,
    id,
  ]);
  return row;
}

/** Time off that touches a range (without one: that has not ended), by start, then by id. */
export async function listTimeOff(
  tx: Tx,
  list: {
    readonly providerId: string;
    readonly ownerId: string | undefined;
    readonly range: { readonly from: Temporal.Instant; readonly to: Temporal.Instant } | undefined;
    readonly after: { readonly start: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly TimeOffRow[]> {
  return await tx.query<TimeOffRow>(
    `${SELECT} where t.provider_id = $1 and ($2::uuid is null or t.owner_id = $2)
        and t.during && tstzrange(coalesce($3::timestamptz, clock_now()), $4::timestamptz)
        and ($5::timestamptz is null or (lower(t.during), t.time_off_id) > ($5::timestamptz, $6::uuid))
      order by lower(t.during), t.time_off_id limit $7`,
    [
      list.providerId,
      list.ownerId ?? null,
      list.range?.from.toString() ?? null,
      list.range?.to.toString() ?? null,
      list.after?.start ?? null,
      list.after?.id ?? null,
      list.limit,
    ],
  );
}

const SELECT = `select t.time_off_id, t.owner_id, u.kind, lower(t.during) as "from", upper(t.during) as "to", t.content, t.create_time
  from time_off t left join unit u on u.provider_id = t.provider_id and u.unit_id = t.owner_id`;
