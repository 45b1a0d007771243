import type { Tx } from "@dawr/store";
import type { NewTransfer, TransferKind } from "../domain/ledger.ts";

/** Writes transfers; the database checks once more at commit that each balances. (PY-05) */
export function writeTransfers(
  tx: Tx,
  transfers: readonly NewTransfer[],
  newId: () => string,
  at: Temporal.Instant,
): void {
  for (const { kind, referenceId, providerId, entries } of transfers) {
    tx.post(
      `with made as (
         insert into ledger_transfer (provider_id, id, kind, reference_id, create_time) values ($1, $2, $3, $4, $5)
         returning provider_id, id)
       insert into ledger_entry (provider_id, transfer_id, line, account, currency_code, amount_minor)
       select made.provider_id, made.id, e.line, e.account, e.currency_code, e.amount_minor
       from made, unnest($6::text[], $7::text[], $8::bigint[])
         with ordinality as e (account, currency_code, amount_minor, line)`,
      [
        providerId,
        newId(),
        kind,
        referenceId,
        at,
        entries.map((entry) => entry.account),
        entries.map((entry) => entry.currencyCode),
        entries.map((entry) => entry.amountMinor),
      ],
    );
  }
}

/** Debits less credits of an account in one currency, in minor units. */
export async function balanceOf(tx: Tx, account: string, currencyCode: string): Promise<bigint> {
  const [row] = await tx.query<{ readonly minor: bigint }>(
    `select coalesce(sum(amount_minor), 0)::bigint as minor from ledger_entry where account = $1 and currency_code = $2`,
    [account, currencyCode],
  );
  return row?.minor ?? 0n;
}

/** A transfer as it stands in the ledger. */
export type StoredTransfer = {
  readonly id: string;
  readonly kind: TransferKind;
  readonly paymentId: string;
  readonly refundId: string | undefined;
  readonly createTime: Temporal.Instant;
  readonly entries: readonly {
    readonly account: string;
    readonly currencyCode: string;
    readonly amountMinor: bigint;
  }[];
};

/** What a list of transfers is narrowed to; `before` is the last id of the page before. */
export type TransferFilter = {
  readonly account: string | undefined;
  readonly paymentId: string | undefined;
  readonly before: string | undefined;
  readonly limit: number;
};

/** Lists transfers, the latest first; each way to narrow them reads an index from its end, and no more than it answers. */
export async function listTransfers(
  tx: Tx,
  { account, paymentId, before = lastId, limit }: TransferFilter,
): Promise<StoredTransfer[]> {
  const page = [before, limit];
  const rows = await (() => {
    if (paymentId !== undefined) return tx.query<TransferRow>(ofPayment, [...page, paymentId, account ?? null]);
    if (account !== undefined) return tx.query<TransferRow>(ofAccount, [...page, account]);
    return tx.query<TransferRow>(ofAll, page);
  })();
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    paymentId: row.payment_id ?? row.reference_id,
    refundId: row.payment_id === null ? undefined : row.reference_id,
    createTime: row.create_time,
    entries: row.entries.map(([account, currencyCode, minor]) => ({
      account,
      currencyCode,
      amountMinor: BigInt(minor),
    })),
  }));
}

type TransferRow = {
  readonly id: string;
  readonly kind: TransferKind;
  readonly create_time: Temporal.Instant;
  readonly reference_id: string;
  readonly payment_id: string | null;
  readonly entries: readonly (readonly [string, string, string])[];
};

/** Above every UUIDv7: the condition on ids bounds the index also on the first page. */
const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Completes the transfers that a statement chooses, by provider_id and id. */
function completed(chosen: string): string {
  return `
    select t.id, t.kind, t.create_time, t.reference_id, r.payment_id,
      (select jsonb_agg(jsonb_build_array(e.account, e.currency_code, e.amount_minor::text) order by e.line)
       from ledger_entry e where e.provider_id = t.provider_id and e.transfer_id = t.id) as entries
    from (${chosen}) c
    join ledger_transfer t on t.provider_id = c.provider_id and t.id = c.id
    left join refund r on r.provider_id = t.provider_id and r.id = t.reference_id
    order by t.id desc`;
}

const ofAll = completed("select provider_id, id from ledger_transfer where id < $1::uuid order by id desc limit $2");

// A transfer may have several lines of one account.
const ofAccount = completed(`
  select distinct on (transfer_id) provider_id, transfer_id as id from ledger_entry
  where account = $3 and transfer_id < $1::uuid order by transfer_id desc limit $2`);

// A payment has one transfer and each of its refunds at most two, so that there is little to sift.
const ofPayment = completed(`
  select t.provider_id, t.id from ledger_transfer t
  where t.reference_id in (select $3::uuid union all select id from refund where payment_id = $3::uuid)
    and t.id < $1::uuid
    and ($4::text is null or exists (
      select from ledger_entry e where e.provider_id = t.provider_id and e.transfer_id = t.id and e.account = $4))
  order by t.id desc limit $2`);
