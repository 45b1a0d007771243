import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type CreatePaymentRequest,
  type PaymentAmounts,
  type Payment as PaymentMessage,
  PaymentService,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { PlatformError } from "@dawr/rpc";
import { once, type Store, type Tx } from "@dawr/store";
import { exponentOf } from "../domain/currency.ts";
import { PaymentError } from "../domain/errors.ts";
import type { Parts, Payment } from "../domain/payment.ts";
import { partsAddUp } from "../domain/payment.ts";
import { isAllowedReturnUrl } from "../domain/return-url.ts";
import { idOf, paymentName } from "../names.ts";
import type { Deps } from "../settling/deps.ts";
import { sendIntent } from "../settling/send-intent.ts";
import { storeChange } from "../settling/store-change.ts";
import { findPaymentOf, insertPayment, lockPayment } from "../store/payments.ts";
import { callerOf } from "./caller-of.ts";
import { paymentToProto } from "./payment-to-proto.ts";

/** What creating payments needs besides settling. */
export type CreateDeps = Deps & {
  /** The gateway of new payments. */
  readonly gateway: string;
  /** How long a call to it may take. */
  readonly gatewayTimeout: Temporal.Duration;
  readonly returnUrls: readonly string[];
};

/**
 * Creates the payment of a booking, once, and the charge at the gateway that the customer pays: the intent is stored before
 * the gateway is called, so that whatever happens in between can be found out. (BK-03, PY-11)
 */
export const createPaymentRpc =
  (deps: CreateDeps) =>
  async (request: CreatePaymentRequest, context: HandlerContext): Promise<PaymentMessage> => {
    const { store } = deps;
    const call = { actor: callerOf(context), method: PaymentService.method.createPayment, request };
    // No look for an earlier answer first: the booking finds its payment, and once() below its answer.
    const wish = intentOf(deps, request);
    const intent = (await insertPayment(store, wish)) ? wish : await earlierPayment(store, wish);
    const isUnsent = intent.gatewayId === undefined && (intent.state === "CREATED" || intent.state === "UNKNOWN");
    const outcome = isUnsent ? await sendIntent(deps, intent) : undefined;
    const settle = async (tx: Tx): Promise<Payment> => {
      const current = await lockPayment(tx, intent.id);
      if (current === undefined) throw new PlatformError("NOT_FOUND", { name: request.booking });
      const change = outcome?.(current, deps.now());
      return change === undefined ? current : storeChange(tx, deps, change);
    };
    // Bad news must be stored although this call fails; good news is stored together with the answer.
    const isBadNews = outcome !== undefined && outcome(intent, deps.now())?.payment.state !== "PENDING";
    if (isBadNews) requireStarted(await store.transaction(settle));
    return once(store, call, async (tx) => {
      const payment = await settle(tx);
      requireStarted(payment);
      return paymentToProto(payment, [], { showsPayUrl: true });
    });
  };

/** The payment that there is already; throws PAYMENT_EXISTS when it is another one. */
async function earlierPayment(store: Store, wish: Payment): Promise<Payment> {
  const earlier = await store.read((tx) => findPaymentOf(tx, wish.providerId, wish.subject));
  if (earlier === undefined) throw new PlatformError("CONTENTION");
  requireSame(earlier, wish);
  return earlier;
}

function intentOf(deps: CreateDeps, request: CreatePaymentRequest): Payment {
  const { returnUrl } = request;
  if (returnUrl !== "" && !isAllowedReturnUrl(returnUrl, deps.returnUrls))
    throw new PaymentError("RETURN_URL_NOT_ALLOWED", { return_url: returnUrl });
  const { currencyCode, amountMinor, parts } = amountsOf(request.amounts);
  const at = deps.now();
  return {
    id: deps.newId(),
    providerId: idOf(request.booking),
    subject: request.booking,
    customerId: idOf(request.account),
    amount: { currencyCode, amountMinor },
    parts,
    gateway: deps.gateway,
    operationId: deps.newId(),
    gatewayId: undefined,
    payUrl: undefined,
    returnUrl,
    locale: request.locale === "" ? "en" : request.locale,
    description: request.description,
    payExpireTime:
      request.payExpireTime === undefined
        ? at
        : Temporal.Instant.fromEpochMilliseconds(Math.floor(timestampMs(request.payExpireTime))),
    state: "CREATED",
    failure: undefined,
    refundReservedMinor: 0n,
    refundedMinor: 0n,
    version: 1n,
    asked: 0,
    // Only if this call does not live to hear the answer.
    askTime: at.add(deps.gatewayTimeout).add(deps.rules.unknownAfter),
    createTime: at,
    updateTime: at,
    succeedTime: undefined,
  };
}

function amountsOf(amounts: PaymentAmounts | undefined): {
  readonly currencyCode: string;
  readonly amountMinor: bigint;
  readonly parts: Parts;
} {
  const total = amounts?.total;
  if (amounts === undefined || total === undefined || total.amountMinor <= 0n)
    throw new PaymentError("AMOUNTS_INCONSISTENT", { total_minor: String(total?.amountMinor ?? 0n) });
  exponentOf(total.currencyCode);
  const { servicePrice, tax, platformFee } = amounts;
  const isOneCurrency = [servicePrice, tax, platformFee].every((part) => part?.currencyCode === total.currencyCode);
  const parts = {
    serviceMinor: servicePrice?.amountMinor ?? 0n,
    taxMinor: tax?.amountMinor ?? 0n,
    feeMinor: platformFee?.amountMinor ?? 0n,
  };
  if (!isOneCurrency || !partsAddUp(parts, total.amountMinor))
    throw new PaymentError("AMOUNTS_INCONSISTENT", { total_minor: String(total.amountMinor) });
  return { currencyCode: total.currencyCode, amountMinor: total.amountMinor, parts };
}

function requireSame(earlier: Payment, wish: Payment): void {
  const isSame =
    earlier.customerId === wish.customerId &&
    earlier.amount.currencyCode === wish.amount.currencyCode &&
    earlier.amount.amountMinor === wish.amount.amountMinor &&
    earlier.parts.serviceMinor === wish.parts.serviceMinor &&
    earlier.parts.taxMinor === wish.parts.taxMinor &&
    earlier.parts.feeMinor === wish.parts.feeMinor;
  if (!isSame) throw new PaymentError("PAYMENT_EXISTS", { payment: paymentName(earlier.id) });
}

/** Whether there is something to pay on, or nothing left to pay. */
function requireStarted(payment: Payment): void {
  if (payment.state === "CANCELLED") throw new PaymentError("PAYMENT_STATE_WRONG", { state: payment.state });
  if (payment.state === "SUCCEEDED" || payment.state === "PENDING") return;
  if (payment.state === "FAILED") {
    if (payment.payUrl !== undefined) return;
    throw new PaymentError("GATEWAY_REFUSED", { failure_code: payment.failure ?? "" });
  }
  throw new PaymentError("GATEWAY_UNAVAILABLE", { payment: paymentName(payment.id) });
}
