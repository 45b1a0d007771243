import type pg from "pg";
import type { Seen } from "./record.ts";

/** Something that must never be, and how often it is. */
export type Violation = { readonly invariant: string; readonly count: number; readonly examples: readonly string[] };

/**
 * Statements that answer a row for each violation. They read the tables of all services and share no code with them: what
 * the services believe of themselves is what is being checked. Bookings of the demo market, which have no price, are older
 * than the run.
 */
const statements: Readonly<Record<string, string>> = {
  "no two reservations overlap on a lane": `
    select a.unit_id || ' ' || a.lane || ' ' || a.during as what
    from availability.occupancy a join availability.occupancy b
      on a.provider_id = b.provider_id and a.unit_id = b.unit_id and a.lane = b.lane and a.during && b.during and a.ctid < b.ctid`,
  "a confirmed booking has its firm reservation": `
    select b.id::text as what from booking.booking b
    where b.price is not null and b.state in ('CONFIRMED', 'CHECKED_IN', 'COMPLETED') and not exists (
      select from availability.reservation r where r.provider_id = b.provider_id and r.state = 'FIRM'
        and 'providers/' || r.provider_id || '/reservations/' || r.reservation_id = b.reservation_name)`,
  "a firm reservation occupies its lanes": `
    select r.reservation_id::text as what from availability.reservation r
    where r.state = 'FIRM' and r.party_size = 1 and not exists (
      select from availability.occupancy o where o.provider_id = r.provider_id and o.reservation_id = r.reservation_id)`,
  "a firm reservation has its confirmed booking": `
    select r.reservation_id::text as what from availability.reservation r
    where r.state = 'FIRM' and r.booking is not null and not exists (
      select from booking.booking b where b.provider_id = r.provider_id
        and b.state in ('CONFIRMED', 'CHECKED_IN', 'COMPLETED', 'NO_SHOW')
        and b.reservation_name = 'providers/' || r.provider_id || '/reservations/' || r.reservation_id)`,
  "a booking shows what its reservation has": `
    select b.id::text as what from booking.booking b
      join availability.reservation r on r.provider_id = b.provider_id
        and 'providers/' || r.provider_id || '/reservations/' || r.reservation_id = b.reservation_name
    where b.state in ('PENDING_APPROVAL', 'CONFIRMED', 'CHECKED_IN')
      and (b.fencing_token <> r.fencing_token or b.start_time <> r.start_time or b.end_time <> r.end_time)`,
  "each move of a customer is counted, noted and told once": `
    select b.id::text as what from booking.booking b
    where b.reschedule_count <> (
        select count(*) from booking.booking_history h
        where h.provider_id = b.provider_id and h.booking_id = b.id and h.reason like 'moved from %')
      or b.reschedule_count <> (
        select count(*) from messaging.notification n
        where n.template = 'booking-rescheduled' and n.subject = 'providers/' || b.provider_id || '/bookings/' || b.id)`,
  "a payment that succeeded has a confirmed booking or went back": `
    select p.id::text as what from payment.payment p
      join booking.booking b on 'providers/' || b.provider_id || '/bookings/' || b.id = p.subject
    where p.state = 'SUCCEEDED' and (
      (b.state in ('CONFIRMED', 'CHECKED_IN', 'COMPLETED') and p.refunded_minor <> 0)
      or (b.state = 'CANCELLED' and p.refunded_minor <> (b.cancellation ->> 'refundMinor')::bigint and p.refunded_minor <> p.amount_minor)
      or (b.state not in ('CONFIRMED', 'CHECKED_IN', 'COMPLETED', 'CANCELLED', 'NO_SHOW') and p.refunded_minor <> p.amount_minor))`,
  "a payment asks for what of its booking's price is due now": `
    select b.id::text as what from booking.booking b
      join payment.payment p on 'payments/' || p.id = b.payment_name
    where p.amount_minor <> (b.price ->> 'dueNowMinor')::bigint`,
  "a payment has its booking": `
    select p.id::text as what from payment.payment p
    where not exists (select from booking.booking b where 'providers/' || b.provider_id || '/bookings/' || b.id = p.subject)`,
  "a booking that was paid for has its payment": `
    select b.id::text as what from booking.booking b
    where b.payment_state = 'PAID' and not exists (
      select from payment.payment p where 'payments/' || p.id = b.payment_name and p.state = 'SUCCEEDED')`,
  "what the gateway captured is what payment knows": `
    select c.id as what from sandbox.charge c left join payment.payment p on p.gateway_id = c.id
    where c.amount_captured > 0 and (p.id is null or p.state <> 'SUCCEEDED' or p.amount_minor <> c.amount_captured
      or p.refunded_minor <> c.amount_refunded)`,
  "one charge for each payment": `
    select p.operation_id::text as what from payment.payment p
    where (select count(*) from sandbox.charge c where c.amount_captured > 0 and c.id <> p.gateway_id
      and c.metadata::text like '%' || p.operation_id || '%') > 0`,
  "each transfer balances per currency": `
    select transfer_id::text as what from payment.ledger_entry group by transfer_id, currency_code having sum(amount_minor) <> 0`,
  "the ledger balances per currency": `
    select currency_code as what from payment.ledger_entry group by currency_code having sum(amount_minor) <> 0`,
  "each success and each refund is in the ledger once": `
    select p.id::text as what from payment.payment p
    where p.state = 'SUCCEEDED' and (
      select count(*) from payment.ledger_transfer t where t.reference_id = p.id and t.kind = 'CAPTURE') <> 1
    union all
    select r.id::text from payment.refund r
    where r.state = 'SUCCEEDED' and (
      select count(*) from payment.ledger_transfer t where t.reference_id = r.id and t.kind = 'REFUND_SUCCEEDED') <> 1`,
  "the history has every version, each once, and ends where the booking is": `
    select b.id::text as what from booking.booking b
      join booking.booking_history h on h.provider_id = b.provider_id and h.booking_id = b.id
    group by b.provider_id, b.id, b.version, b.state
    having count(*) <> b.version or max(h.version) <> b.version or (array_agg(h.state order by h.version desc))[1] <> b.state`,
  "only allowed changes of state": `
    select h.booking_id || ' ' || h.from_state || ' to ' || h.state as what from booking.booking_history h
    where h.from_state <> h.state and (h.from_state, h.state) not in (
      ('', 'HELD'), ('HELD', 'PENDING_PAYMENT'), ('HELD', 'CONFIRMED'), ('HELD', 'EXPIRED'), ('HELD', 'RELEASED'), ('HELD', 'CANCELLED'),
      ('PENDING_PAYMENT', 'CONFIRMED'), ('PENDING_PAYMENT', 'EXPIRED'), ('PENDING_PAYMENT', 'CANCELLED'),
      ('EXPIRED', 'CONFIRMED'), ('CONFIRMED', 'CANCELLED'))`,
  "no hold outlives its time": `
    select r.reservation_id::text as what from availability.reservation r
    where r.state = 'HELD' and r.expires_at < clock_timestamp() - interval '10 seconds'`,
  "every confirmation reached messaging, once": `
    select h.booking_id::text as what from booking.booking_history h
    where h.state = 'CONFIRMED' and h.from_state <> 'CONFIRMED' and (
      select count(*) from messaging.notification n
      where n.template = 'booking-confirmed' and n.subject = 'providers/' || h.provider_id || '/bookings/' || h.booking_id) <> 1`,
  "nothing is parked": ["availability", "booking", "catalog", "identity", "messaging", "payment", "search"]
    .map((schema) => `select '${schema} ' || type || ' ' || coalesce(error, '') as what from ${schema}.dead_letter`)
    .join(" union all "),
};

/** Looks for everything that must never be, in the database and against what clients saw. */
export async function check(database: pg.Client, seen: Seen): Promise<readonly Violation[]> {
  const violations: Violation[] = [];
  const note = (invariant: string, found: readonly string[]): void => {
    if (found.length > 0) violations.push({ invariant, count: found.length, examples: found.slice(0, 3) });
  };
  for (const [invariant, statement] of Object.entries(statements)) {
    const { rows } = await database.query<{ what: string }>(statement);
    note(
      invariant,
      rows.map(({ what }) => what),
    );
  }
  const states = await database.query<{ name: string; state: string; account: string }>(
    "select 'providers/' || provider_id || '/bookings/' || id as name, state, 'accounts/' || customer_id as account from booking.booking",
  );
  const stateOf = new Map(states.rows.map(({ name, state }) => [name, state]));
  note(
    "no confirmation that a client saw is lost",
    [...seen.confirmed].filter((name) => {
      const state = stateOf.get(name);
      return state !== "CONFIRMED" && !(state === "CANCELLED" && seen.cancelled.has(name));
    }),
  );
  const held = new Map<string, number>();
  for (const { account } of states.rows) held.set(account, (held.get(account) ?? 0) + 1);
  note(
    "one request has one effect",
    [...seen.holds]
      .filter(([account, requests]) => (held.get(account) ?? 0) > requests.size)
      .map(([account]) => account),
  );
  return violations;
}
