import type { Tx } from "@dawr/store";
import type { CardBehaviour } from "../domain/cards.ts";
import type { Charge, ChargeStatus } from "../domain/charge.ts";
import { SandboxError } from "../domain/errors.ts";

/** Stores a new charge. */
export function insertCharge(tx: Tx, charge: Charge): void {
  tx.post(
    `insert into charge (id, status, currency, amount, capture, description, locale, metadata, return_url, webhook_url,
       expire_time, create_time, update_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      charge.id,
      charge.status,
      charge.currency,
      charge.amount,
      charge.capture,
      charge.description,
      charge.locale,
      JSON.stringify(charge.metadata),
      charge.returnUrl ?? null,
      charge.webhookUrl ?? null,
      charge.expireTime ?? null,
      charge.createTime,
      charge.updateTime,
    ],
  );
}

/** Reads a charge; throws not_found. */
export async function getCharge(tx: Tx, id: string): Promise<Charge> {
  return found(await tx.query<ChargeRow>("select * from charge where id = $1", [id]), id);
}

/** Reads a charge and keeps it from others until the transaction ends; throws not_found. */
export async function lockCharge(tx: Tx, id: string): Promise<Charge> {
  return found(await tx.query<ChargeRow>("select * from charge where id = $1 for update", [id]), id);
}

/** Stores what changed of a charge that this transaction has locked. */
export function saveCharge(tx: Tx, charge: Charge): void {
  tx.post(
    `update charge set status = $2, amount_captured = $3, amount_refunded = $4, behaviour = $5, card_brand = $6,
       card_last4 = $7, failure_code = $8, update_time = $9 where id = $1`,
    [
      charge.id,
      charge.status,
      charge.amountCaptured,
      charge.amountRefunded,
      charge.behaviour ?? null,
      charge.cardBrand ?? null,
      charge.cardLast4 ?? null,
      charge.failureCode ?? null,
      charge.updateTime,
    ],
  );
}

/** What a list of charges is narrowed to. */
export type ChargeFilter = {
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdFrom: Temporal.Instant | undefined;
  readonly createdBefore: Temporal.Instant | undefined;
  /** The id of the last charge of the page before. */
  readonly startingAfter: string | undefined;
  readonly limit: number;
};

/** Lists charges, the oldest first. */
export async function listCharges(tx: Tx, filter: ChargeFilter): Promise<Charge[]> {
  const rows = await tx.query<ChargeRow>(
    `select * from charge c
     where ($1::jsonb = '{}' or c.metadata @> $1::jsonb)
       and ($2::timestamptz is null or c.create_time >= $2)
       and ($3::timestamptz is null or c.create_time < $3)
       and ($4::text is null or (c.create_time, c.id) > (select a.create_time, a.id from charge a where a.id = $4))
     order by c.create_time, c.id limit $5`,
    [
      JSON.stringify(filter.metadata),
      filter.createdFrom ?? null,
      filter.createdBefore ?? null,
      filter.startingAfter ?? null,
      filter.limit,
    ],
  );
  return rows.map(toCharge);
}

type ChargeRow = {
  readonly id: string;
  readonly status: ChargeStatus;
  readonly currency: string;
  readonly amount: bigint;
  readonly amount_captured: bigint;
  readonly amount_refunded: bigint;
  readonly capture: "automatic" | "manual";
  readonly description: string;
  readonly locale: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly return_url: string | null;
  readonly webhook_url: string | null;
  readonly expire_time: Temporal.Instant | null;
  readonly behaviour: CardBehaviour | null;
  readonly card_brand: string | null;
  readonly card_last4: string | null;
  readonly failure_code: string | null;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

function found(rows: readonly ChargeRow[], id: string): Charge {
  const row = rows[0];
  if (row === undefined) throw new SandboxError("not_found", { id });
  return toCharge(row);
}

function toCharge(row: ChargeRow): Charge {
  return {
    id: row.id,
    status: row.status,
    currency: row.currency,
    amount: row.amount,
    amountCaptured: row.amount_captured,
    amountRefunded: row.amount_refunded,
    capture: row.capture,
    description: row.description,
    locale: row.locale,
    metadata: row.metadata,
    returnUrl: row.return_url ?? undefined,
    webhookUrl: row.webhook_url ?? undefined,
    expireTime: row.expire_time ?? undefined,
    behaviour: row.behaviour ?? undefined,
    cardBrand: row.card_brand ?? undefined,
    cardLast4: row.card_last4 ?? undefined,
    failureCode: row.failure_code ?? undefined,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
