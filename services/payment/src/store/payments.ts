import type { Store, Tx } from "@dawr/store";
import type { Payment } from "../domain/payment.ts";
import { type PaymentRow, paymentOfRow } from "./payment-row.ts";

/** Stores an intent; answers false when what it pays for has one already. */
export async function insertPayment(store: Pick<Store, "query">, payment: Payment): Promise<boolean> {
  const rows = await store.query(
    `insert into payment (provider_id, id, subject, customer_id, currency_code, amount_minor, service_minor, tax_minor,
       fee_minor, gateway, operation_id, return_url, locale, description, pay_expire_time, state, version, ask_time,
       create_time, update_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
     on conflict on constraint payment_subject do nothing returning id`,
    [
      payment.providerId,
      payment.id,
      payment.subject,
      payment.customerId,
      payment.amount.currencyCode,
      payment.amount.amountMinor,
      payment.parts.serviceMinor,
      payment.parts.taxMinor,
      payment.parts.feeMinor,
      payment.gateway,
      payment.operationId,
      payment.returnUrl,
      payment.locale,
      payment.description,
      payment.payExpireTime,
      payment.state,
      payment.version,
      payment.askTime ?? null,
      payment.createTime,
      payment.updateTime,
    ],
  );
  return rows.length > 0;
}

/** Stores what changed of a payment that this transaction has locked. */
export function savePayment(tx: Tx, payment: Payment): void {
  tx.post(
    `update payment set gateway_id = $3, pay_url = $4, state = $5, failure = $6, refund_reserved_minor = $7,
       refunded_minor = $8, version = $9, asked = $10, ask_time = $11, update_time = $12, succeed_time = $13
     where provider_id = $1 and id = $2`,
    [
      payment.providerId,
      payment.id,
      payment.gatewayId ?? null,
      payment.payUrl ?? null,
      payment.state,
      payment.failure ?? null,
      payment.refundReservedMinor,
      payment.refundedMinor,
      payment.version,
      payment.asked,
      payment.askTime ?? null,
      payment.updateTime,
      payment.succeedTime ?? null,
    ],
  );
}

/** Reads a payment. */
export async function findPayment(tx: Tx, id: string): Promise<Payment | undefined> {
  return first(await tx.query<PaymentRow>("select * from payment where id = $1", [id]));
}

/** Reads the payment of what is paid for. */
export async function findPaymentOf(tx: Tx, providerId: string, subject: string): Promise<Payment | undefined> {
  return first(
    await tx.query<PaymentRow>("select * from payment where provider_id = $1 and subject = $2", [providerId, subject]),
  );
}

/** Reads a payment and keeps it from others until the transaction ends. */
export async function lockPayment(tx: Tx, id: string): Promise<Payment | undefined> {
  return first(await tx.query<PaymentRow>("select * from payment where id = $1 for update", [id]));
}

/** The same by what a gateway says: our operation id where it gives that back, else its own id. */
export async function lockPaymentOfCharge(
  tx: Tx,
  gateway: string,
  charge: { readonly operationId: string | undefined; readonly gatewayId: string },
): Promise<Payment | undefined> {
  const { operationId, gatewayId } = charge;
  // What is no UUID is none of our operations, and would be an error in SQL.
  if (operationId !== undefined && uuid.test(operationId))
    return first(
      await tx.query<PaymentRow>("select * from payment where operation_id = $1 and gateway = $2 for update", [
        operationId,
        gateway,
      ]),
    );
  return first(
    await tx.query<PaymentRow>("select * from payment where gateway = $1 and gateway_id = $2 for update", [
      gateway,
      gatewayId,
    ]),
  );
}

/** Lists the payments of an account, the latest first; `before` is the last id of the page before. */
export async function listPayments(
  tx: Tx,
  {
    customerId,
    before,
    limit,
  }: { readonly customerId: string; readonly before: string | undefined; readonly limit: number },
): Promise<Payment[]> {
  const rows = await tx.query<PaymentRow>(
    `select * from payment where customer_id = $1 and ($2::uuid is null or id < $2::uuid) order by id desc limit $3`,
    [customerId, before ?? null, limit],
  );
  return rows.map(paymentOfRow);
}

/** When the gateway has to be asked next about any payment. */
export async function nextAskTime(tx: Tx): Promise<Temporal.Instant | undefined> {
  const [row] = await tx.query<{ readonly due: Temporal.Instant | null }>(
    "select min(ask_time) as due from payment where ask_time is not null",
  );
  return row?.due ?? undefined;
}

/** Takes payments that the gateway is to be asked about; until `until` no other replica takes them. */
export async function claimDue(
  tx: Tx,
  { at, until, limit }: { readonly at: Temporal.Instant; readonly until: Temporal.Instant; readonly limit: number },
): Promise<Payment[]> {
  const rows = await tx.query<PaymentRow>(
    `update payment p set ask_time = $2 from (
       select provider_id, id from payment where ask_time <= $1 order by ask_time limit $3 for update skip locked
     ) due
     where p.provider_id = due.provider_id and p.id = due.id returning p.*`,
    [at, until, limit],
  );
  return rows.map(paymentOfRow);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function first(rows: readonly PaymentRow[]): Payment | undefined {
  const row = rows[0];
  return row === undefined ? undefined : paymentOfRow(row);
}
