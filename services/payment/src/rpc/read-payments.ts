import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type GetPaymentRequest,
  type ListPaymentsRequest,
  type ListPaymentsResponse,
  ListPaymentsResponseSchema,
  type Payment as PaymentMessage,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { callOf, type OwnerOf, ownerByName, PlatformError } from "@dawr/rpc";
import { readPageToken, type Store, signPageToken, type TokenKey } from "@dawr/store";
import { z } from "zod";
import type { Payment } from "../domain/payment.ts";
import { idOf } from "../names.ts";
import { findPayment, listPayments } from "../store/payments.ts";
import { refundsOf } from "../store/refunds.ts";
import { paymentToProto } from "./payment-to-proto.ts";

/** What reading needs. */
export type ReadDeps = { readonly store: Store; readonly keys: TokenKey };

const defaultPageSize = 20;
const cursorShape = z.string();

/** Reads a payment with its refunds. */
export const getPaymentRpc =
  ({ store }: ReadDeps) =>
  (request: GetPaymentRequest, context: HandlerContext): Promise<PaymentMessage> =>
    store.read(async (tx) => {
      const payment = await findPayment(tx, idOf(request.name));
      if (payment === undefined) throw new PlatformError("NOT_FOUND", { name: request.name });
      const refunds = await refundsOf(tx, [payment.id]);
      return paymentToProto(payment, refunds, { showsPayUrl: isForPayer(payment, context) });
    });

/** Lists the payments of an account, the latest first. */
export const listPaymentsRpc =
  ({ store, keys }: ReadDeps) =>
  async (request: ListPaymentsRequest, context: HandlerContext): Promise<ListPaymentsResponse> => {
    const query = { method: "ListPayments", account: request.account };
    const cursor = readPageToken({ key: keys, query, token: request.pageToken });
    const before = cursor === undefined ? undefined : cursorShape.parse(cursor);
    const limit = request.pageSize === 0 ? defaultPageSize : request.pageSize;
    return store.read(async (tx) => {
      const found = await listPayments(tx, { customerId: idOf(request.account), before, limit: limit + 1 });
      const payments = found.slice(0, limit);
      const refunds = await refundsOf(
        tx,
        payments.map((payment) => payment.id),
      );
      const last = found.length > limit ? payments.at(-1) : undefined;
      return create(ListPaymentsResponseSchema, {
        payments: payments.map((payment) =>
          paymentToProto(
            payment,
            refunds.filter((refund) => refund.paymentId === payment.id),
            { showsPayUrl: isForPayer(payment, context) },
          ),
        ),
        nextPageToken: last === undefined ? "" : signPageToken({ key: keys, query, cursor: last.id }),
      });
    });
  };

/** Whom a payment belongs to: the customer who pays and the provider who is paid. */
export const ownerOfPayment =
  (store: Store): OwnerOf =>
  async (name) => {
    if (!name.startsWith("payments/")) return ownerByName(name);
    const payment = await store.read((tx) => findPayment(tx, idOf(name)));
    if (payment === undefined) return undefined;
    return { account: `accounts/${payment.customerId}`, provider: `providers/${payment.providerId}` };
  };

/** The customer may pay; so may the service that sends the customer there. */
function isForPayer(payment: Payment, context: HandlerContext): boolean {
  const { actor, workload } = callOf(context);
  return actor === undefined ? workload !== undefined : actor.account === `accounts/${payment.customerId}`;
}
