import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";

const schemas = ["availability", "booking", "catalog", "identity", "messaging", "payment", "sandbox", "search"];

/** Work that is not done yet, by what it is. */
async function openWork(database: pg.Client): Promise<Readonly<Record<string, number>>> {
  const counts = [
    ...schemas.flatMap((schema) => [
      `select '${schema}.outbox' as what, count(*)::int as n from ${schema}.outbox`,
      `select '${schema}.saga_step', count(*)::int from ${schema}.saga_step`,
    ]),
    "select 'waiting bookings', count(*)::int from booking.booking where state in ('HELD', 'PENDING_PAYMENT', 'PENDING_APPROVAL')",
    "select 'open moves', count(*)::int from booking.booking_move",
    "select 'refunding bookings', count(*)::int from booking.booking where payment_state = 'REFUNDING'",
    "select 'open payments', count(*)::int from payment.payment where state in ('CREATED', 'PENDING', 'UNKNOWN')",
    "select 'open refunds', count(*)::int from payment.refund where state in ('REQUESTED', 'PENDING', 'UNKNOWN')",
  ];
  const { rows } = await database.query<{ what: string; n: number }>(counts.join(" union all "));
  return Object.fromEntries(rows.filter(({ n }) => n > 0).map(({ what, n }) => [what, n]));
}

/** Waits until nothing is left to do; answers what still is after the given seconds. */
export async function settle(
  database: pg.Client,
  seconds: number,
  told: (text: string) => void,
): Promise<Readonly<Record<string, number>>> {
  const until = performance.now() + seconds * 1_000;
  for (;;) {
    const open = await openWork(database);
    if (Object.keys(open).length === 0 || performance.now() > until) return open;
    told(JSON.stringify(open));
    await delay(1_000);
  }
}
