import type { Tx } from "@dawr/store";

/** What a look over the whole ledger found. */
export type Verification = {
  readonly transferCount: bigint;
  readonly entryCount: bigint;
  /** What is not in order, in a few words each, up to 100. */
  readonly problems: readonly string[];
};

/**
 * Adds up the whole ledger and compares it with payments and refunds: every transfer balances, every amount that was taken
 * or given back is booked once and whole, and what gateways hold follows from both. (PY-05)
 */
export async function verifyLedger(tx: Tx): Promise<Verification> {
  const [counts] = await tx.query<{ readonly transfers: bigint; readonly entries: bigint }>(
    "select (select count(*) from ledger_transfer) as transfers, (select count(*) from ledger_entry) as entries",
  );
  const problems: string[] = [];
  for (const sql of checks) {
    const rows = await tx.query<{ readonly problem: string }>(`${sql} limit 100`);
    problems.push(...rows.map((row) => row.problem));
  }
  return {
    transferCount: counts?.transfers ?? 0n,
    entryCount: counts?.entries ?? 0n,
    problems: problems.slice(0, 100),
  };
}

const checks = [
  `select format('transfer %s is off by %s %s', transfer_id, sum(amount_minor), currency_code) as problem
   from ledger_entry group by provider_id, transfer_id, currency_code having sum(amount_minor) <> 0`,
  `select format('transfer %s has no entries', t.id) as problem from ledger_transfer t
   where not exists (select from ledger_entry e where e.provider_id = t.provider_id and e.transfer_id = t.id)`,
  `select format('payment %s is %s and has %s transfers', p.id, p.state, count(t.id)) as problem
   from payment p left join ledger_transfer t
     on t.provider_id = p.provider_id and t.kind = 'CAPTURE' and t.reference_id = p.id
   group by p.provider_id, p.id having count(t.id) <> case p.state when 'SUCCEEDED' then 1 else 0 end`,
  `select format('refund %s is %s and has transfers %s', r.id, r.state, string_agg(t.kind, ', ' order by t.kind)) as problem
   from refund r left join ledger_transfer t on t.provider_id = r.provider_id and t.reference_id = r.id
   group by r.provider_id, r.id
   having array_agg(t.kind order by t.kind) <> case r.state
     when 'SUCCEEDED' then array['REFUND_REQUESTED', 'REFUND_SUCCEEDED']
     when 'FAILED' then array['REFUND_FAILED', 'REFUND_REQUESTED']
     else array['REFUND_REQUESTED'] end`,
  `select format('payment %s says %s set aside and %s given back, its refunds %s and %s', p.id, p.refund_reserved_minor,
     p.refunded_minor, coalesce(r.reserved, 0), coalesce(r.refunded, 0)) as problem
   from payment p left join (
     select provider_id, payment_id, sum(amount_minor) filter (where state <> 'FAILED') as reserved,
       sum(amount_minor) filter (where state = 'SUCCEEDED') as refunded
     from refund group by provider_id, payment_id) r on r.provider_id = p.provider_id and r.payment_id = p.id
   where p.refund_reserved_minor <> coalesce(r.reserved, 0) or p.refunded_minor <> coalesce(r.refunded, 0)`,
  `select format('gateway-%s holds %s %s, its payments say %s', paid.gateway, coalesce(held.minor, 0), paid.currency_code,
     paid.minor) as problem
   from (select gateway, currency_code, sum(amount_minor - refunded_minor) as minor from payment where state = 'SUCCEEDED'
         group by gateway, currency_code) paid
   left join (select account, currency_code, sum(amount_minor) as minor from ledger_entry group by account, currency_code) held
     on held.account = 'gateway-' || paid.gateway and held.currency_code = paid.currency_code
   where coalesce(held.minor, 0) <> paid.minor`,
] as const;
