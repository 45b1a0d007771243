import { create } from "@bufbuild/protobuf";
import { append } from "@dawr/events";
import {
  PaymentFailedSchema,
  PaymentSucceededSchema,
  PaymentUnknownSchema,
  RefundFailedSchema,
  RefundSucceededSchema,
} from "@dawr/gen/dawr/payment/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import type { Payment } from "../domain/payment.ts";
import type { Refund } from "../domain/refund.ts";
import type { PaymentEvent } from "../domain/settle-charge.ts";
import type { RefundEvent } from "../domain/settle-refund.ts";
import { paymentName } from "../names.ts";
import { paymentToProto, refundToProto } from "../rpc/payment-to-proto.ts";

/** Tells of a payment, in the transaction that changed it; its version is the sequence. */
export function publishPayment(tx: Tx, event: PaymentEvent, payment: Payment): void {
  const schema = paymentSchemas[event];
  const message = create(schema, { payment: paymentToProto(payment, [], { showsPayUrl: false }) });
  append(tx, [{ schema, message, ...placeOf(payment) }]);
}

/** Tells of a refund, in the transaction that changed it and its payment. */
export function publishRefund(tx: Tx, event: RefundEvent, payment: Payment, refund: Refund): void {
  const schema = refundSchemas[event];
  const message = create(schema, {
    payment: paymentToProto(payment, [refund], { showsPayUrl: false }),
    refund: refundToProto(refund),
  });
  append(tx, [{ schema, message, ...placeOf(payment) }]);
}

function placeOf(payment: Payment) {
  return { subject: paymentName(payment.id), key: payment.id, sequence: payment.version };
}

const paymentSchemas = {
  PaymentSucceeded: PaymentSucceededSchema,
  PaymentFailed: PaymentFailedSchema,
  PaymentUnknown: PaymentUnknownSchema,
} as const;

const refundSchemas = { RefundSucceeded: RefundSucceededSchema, RefundFailed: RefundFailedSchema } as const;
