import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Payment_State,
  type Payment as PaymentMessage,
  PaymentSchema,
  Refund_State,
  type Refund as RefundMessage,
  RefundSchema,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import type { Payment, PaymentState } from "../domain/payment.ts";
import type { Refund, RefundState } from "../domain/refund.ts";
import { paymentName, refundName } from "../names.ts";

/** A payment as the contract has it; the page to pay on only for whom it is meant, and only while it takes money. */
export function paymentToProto(
  payment: Payment,
  refunds: readonly Refund[],
  { showsPayUrl }: { readonly showsPayUrl: boolean },
): PaymentMessage {
  const { currencyCode } = payment.amount;
  const money = (amountMinor: bigint) => ({ currencyCode, amountMinor });
  const isPayable = payment.state === "PENDING" || payment.state === "FAILED";
  return create(PaymentSchema, {
    name: paymentName(payment.id),
    booking: payment.subject,
    account: `accounts/${payment.customerId}`,
    provider: `providers/${payment.providerId}`,
    state: states[payment.state],
    amounts: {
      servicePrice: money(payment.parts.serviceMinor),
      tax: money(payment.parts.taxMinor),
      platformFee: money(payment.parts.feeMinor),
      total: payment.amount,
    },
    gateway: payment.gateway,
    payUrl: showsPayUrl && isPayable ? (payment.payUrl ?? "") : "",
    payExpireTime: timestamp(payment.payExpireTime),
    failureCode: payment.failure ?? "",
    refunds: refunds.map(refundToProto),
    refunded: money(payment.refundedMinor),
    refunding: money(payment.refundReservedMinor - payment.refundedMinor),
    createTime: timestamp(payment.createTime),
    updateTime: timestamp(payment.updateTime),
    etag: payment.version.toString(),
    ...(payment.succeedTime === undefined ? {} : { payTime: timestamp(payment.succeedTime) }),
  });
}

/** A refund as the contract has it. */
export function refundToProto(refund: Refund): RefundMessage {
  return create(RefundSchema, {
    name: refundName(refund.paymentId, refund.id),
    amount: refund.amount,
    state: refundStates[refund.state],
    reason: refund.cause,
    failureCode: refund.failure ?? "",
    createTime: timestamp(refund.createTime),
    updateTime: timestamp(refund.updateTime),
  });
}

/** An instant as the contract has it. */
export function timestamp(instant: Temporal.Instant) {
  return timestampFromMs(instant.epochMilliseconds);
}

const states = {
  // The gateway has not answered yet; to callers that is a payment that nobody has made.
  CREATED: Payment_State.PENDING,
  PENDING: Payment_State.PENDING,
  UNKNOWN: Payment_State.UNKNOWN,
  SUCCEEDED: Payment_State.SUCCEEDED,
  FAILED: Payment_State.FAILED,
  CANCELLED: Payment_State.CANCELLED,
} as const satisfies Record<PaymentState, Payment_State>;

const refundStates = {
  REQUESTED: Refund_State.PENDING,
  PENDING: Refund_State.PENDING,
  UNKNOWN: Refund_State.UNKNOWN,
  SUCCEEDED: Refund_State.SUCCEEDED,
  FAILED: Refund_State.FAILED,
} as const satisfies Record<RefundState, Refund_State>;
