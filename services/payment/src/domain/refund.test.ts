import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ChargeRefund } from "./charge.ts";
import { PaymentError } from "./errors.ts";
import { accounts, captureTransfer, type Entry, type NewTransfer, sumsByCurrency, transfer } from "./ledger.ts";
import type { Payment } from "./payment.ts";
import type { Refund } from "./refund.ts";
import { type RefundRequest, requestRefund } from "./request-refund.ts";
import { failRefund, loseRefundAnswer, settleRefund } from "./settle-refund.ts";
import { splitRefund } from "./split-refund.ts";

const start = Temporal.Instant.from("2027-03-01T09:00:00Z");
const later = start.add({ hours: 1 });

const paid: Payment = {
  id: "p1",
  providerId: "v1",
  subject: "providers/v1/bookings/b1",
  customerId: "c1",
  amount: { currencyCode: "JOD", amountMinor: 36_800n },
  parts: { serviceMinor: 30_000n, taxMinor: 4_800n, feeMinor: 2_000n },
  gateway: "sandbox",
  operationId: "o1",
  gatewayId: "ch_1",
  payUrl: "http://pay/ch_1",
  returnUrl: "http://localhost:8080/paid",
  locale: "ar",
  description: "Haircut",
  payExpireTime: start.add({ minutes: 15 }),
  state: "SUCCEEDED",
  failure: undefined,
  refundReservedMinor: 0n,
  refundedMinor: 0n,
  version: 3n,
  asked: 0,
  askTime: undefined,
  createTime: start,
  updateTime: start,
  succeedTime: start,
};

const wish: RefundRequest = {
  id: "r1",
  operationId: "o2",
  amountMinor: undefined,
  mayRefundFee: true,
  currencyCode: "JOD",
  cause: "cancelled",
  requestedBy: "accounts/c1",
};

const word: ChargeRefund = {
  gatewayId: "re_1",
  operationId: "o2",
  status: "succeeded",
  amount: paid.amount,
  failure: undefined,
};

describe("requestRefund (PY-07)", () => {
  test("given a paid payment, when no amount is named, then all of it is set aside and promised to the customer", () => {
    const refund: Refund = {
      id: "r1",
      paymentId: "p1",
      providerId: "v1",
      amount: paid.amount,
      parts: paid.parts,
      operationId: "o2",
      gatewayId: undefined,
      state: "REQUESTED",
      cause: "cancelled",
      requestedBy: "accounts/c1",
      failure: undefined,
      version: 1n,
      createTime: later,
      updateTime: later,
    };
    expect(requestRefund(paid, [], wish, later)).toEqual({
      payment: { ...paid, refundReservedMinor: 36_800n, version: 4n, updateTime: later },
      refund,
      transfers: [
        {
          kind: "REFUND_REQUESTED",
          referenceId: "r1",
          providerId: "v1",
          entries: [
            { account: "provider-v1", currencyCode: "JOD", amountMinor: 30_000n },
            { account: "tax", currencyCode: "JOD", amountMinor: 4_800n },
            { account: "platform-refunds", currencyCode: "JOD", amountMinor: 2_000n },
            { account: "customer-c1", currencyCode: "JOD", amountMinor: -36_800n },
          ],
        },
      ],
    });
  });

  const bounds: readonly (readonly [bigint, bigint, string | undefined])[] = [
    [0n, 36_800n, undefined],
    [0n, 36_801n, "REFUND_EXCEEDS_PAYMENT"],
    [36_799n, 1n, undefined],
    [36_799n, 2n, "REFUND_EXCEEDS_PAYMENT"],
    [36_800n, 1n, "REFUND_EXCEEDS_PAYMENT"],
    [0n, 0n, "REFUND_EXCEEDS_PAYMENT"],
    [0n, -1n, "AMOUNTS_INCONSISTENT"],
  ];
  test.each(bounds)(
    "given %p set aside, when %p is asked for, then it is refused as %p",
    (reserved, amount, reason) => {
      const payment: Payment = { ...paid, refundReservedMinor: reserved };
      const ask = () => requestRefund(payment, [], { ...wish, amountMinor: amount }, later);
      if (reason === undefined) expect(ask().payment.refundReservedMinor).toBe(reserved + amount);
      else expect(reasonOf(ask)).toBe(reason);
    },
  );

  test("given another currency or a payment that is not paid, when asked for, then it is refused", () => {
    expect(reasonOf(() => requestRefund(paid, [], { ...wish, currencyCode: "AED" }, later))).toBe(
      "AMOUNTS_INCONSISTENT",
    );
    expect(reasonOf(() => requestRefund({ ...paid, state: "UNKNOWN" }, [], wish, later))).toBe("PAYMENT_STATE_WRONG");
  });
});

describe("requestRefund by a member, who may not give back the fee (PY-07)", () => {
  const byMember: RefundRequest = { ...wish, mayRefundFee: false };
  /** The payment after refunds of these amounts, and the refunds. */
  const after = (...amounts: readonly bigint[]) =>
    amounts.reduce(
      ({ payment, refunds }, amountMinor, index) => {
        const asked = requestRefund(payment, refunds, { ...wish, id: `e${index}`, amountMinor }, start);
        return { payment: asked.payment, refunds: [...refunds, asked.refund] };
      },
      { payment: paid, refunds: [] as readonly Refund[] },
    );

  const rows: readonly (readonly [readonly bigint[], bigint, string | undefined, string])[] = [
    [[], 34_800n, undefined, ""],
    [[], 34_801n, "REFUND_EXCEEDS_PRICE", "34800"],
    [[], 36_800n, "REFUND_EXCEEDS_PRICE", "34800"],
    [[], 36_801n, "REFUND_EXCEEDS_PAYMENT", "34800"],
    [[17_400n], 17_400n, undefined, ""],
    [[17_400n], 17_401n, "REFUND_EXCEEDS_PRICE", "17400"],
    [[1n, 1n], 34_798n, undefined, ""],
    [[1n, 1n], 34_799n, "REFUND_EXCEEDS_PRICE", "34798"],
    [[34_800n], 1n, "REFUND_EXCEEDS_PRICE", "0"],
    // An operator gave back a part of the fee too.
    [[35_800n], 1n, "REFUND_EXCEEDS_PRICE", "0"],
    [[36_800n], 1n, "REFUND_EXCEEDS_PAYMENT", "0"],
  ];
  test.each(rows)(
    "given refunds of %p, when %p is asked for, then it is refused as %p",
    (amounts, amountMinor, reason, left) => {
      const { payment, refunds } = after(...amounts);
      const ask = (mayRefundFee: boolean) =>
        requestRefund(payment, refunds, { ...byMember, amountMinor, mayRefundFee }, later);
      if (reason === undefined) {
        expect(ask(false)).toEqual(ask(true));
        expect(ask(false).refund.parts.feeMinor).toBe(0n);
        return;
      }
      expect(() => ask(false)).toThrow(
        expect.objectContaining({
          reason,
          metadata: expect.objectContaining({ left_minor: left, currency_code: "JOD" }),
        }),
      );
      if (reason === "REFUND_EXCEEDS_PRICE") expect(ask(true).refund.amount.amountMinor).toBe(amountMinor);
    },
  );

  test("given no amount is named, then all that is left of price and tax, and nothing once that is gone", () => {
    expect(requestRefund(paid, [], byMember, later).refund).toMatchObject({
      amount: { currencyCode: "JOD", amountMinor: 34_800n },
      parts: { serviceMinor: 30_000n, taxMinor: 4_800n, feeMinor: 0n },
    });
    const { payment, refunds } = after(34_800n);
    expect(reasonOf(() => requestRefund(payment, refunds, byMember, later))).toBe("REFUND_EXCEEDS_PRICE");
  });

  test("given an earlier refund failed, then its price and tax may be given back again", () => {
    const { payment, refunds } = after(34_800n);
    const [refund] = refunds;
    const failed = refund && failRefund(payment, refund, "no_funds", later);
    if (failed === undefined) throw new Error("nothing failed");
    const again = { ...byMember, amountMinor: 34_800n };
    expect(requestRefund(failed.payment, [failed.refund], again, later).refund.parts).toEqual({
      ...paid.parts,
      feeMinor: 0n,
    });
    expect(
      reasonOf(() => requestRefund(failed.payment, [failed.refund], { ...again, amountMinor: 34_801n }, later)),
    ).toBe("REFUND_EXCEEDS_PRICE");
  });
});

describe("settleRefund", () => {
  const asked = requestRefund(paid, [], wish, later);

  test("given a refund, when the gateway has paid, then it is over and the clearing account is relieved", () => {
    expect(settleRefund(asked.payment, asked.refund, word, later)).toEqual({
      payment: { ...asked.payment, refundedMinor: 36_800n, version: 5n },
      refund: { ...asked.refund, state: "SUCCEEDED", gatewayId: "re_1", version: 2n },
      event: "RefundSucceeded",
      transfers: [
        {
          kind: "REFUND_SUCCEEDED",
          referenceId: "r1",
          providerId: "v1",
          entries: [
            { account: "customer-c1", currencyCode: "JOD", amountMinor: 36_800n },
            { account: "gateway-sandbox", currencyCode: "JOD", amountMinor: -36_800n },
          ],
        },
      ],
    });
  });

  test("given a refund, when the gateway refuses, then the amount is free again and the promise leaves the books", () => {
    const settled = settleRefund(
      asked.payment,
      asked.refund,
      { ...word, status: "failed", failure: "no_funds" },
      later,
    );
    expect(settled?.payment.refundReservedMinor).toBe(0n);
    expect(settled?.refund).toEqual({
      ...asked.refund,
      state: "FAILED",
      failure: "no_funds",
      gatewayId: "re_1",
      version: 2n,
    });
    expect(balances([...asked.transfers, ...(settled?.transfers ?? [])])).toEqual({});
  });

  test("given another amount under our operation, when heard, then nothing counts as given back", () => {
    const amount = { currencyCode: "JOD", amountMinor: 1n };
    const settled = settleRefund(asked.payment, asked.refund, { ...word, amount }, later);
    expect([settled?.refund.state, settled?.refund.failure, settled?.transfers]).toEqual([
      "UNKNOWN",
      "amount_mismatch",
      [],
    ]);
  });

  test("given an ended refund, when anything is heard of it, then nothing changes", () => {
    for (const state of ["SUCCEEDED", "FAILED"] as const) {
      const ended: Refund = { ...asked.refund, state };
      for (const status of ["pending", "succeeded", "failed"] as const)
        expect(settleRefund(asked.payment, ended, { ...word, status }, later)).toBeUndefined();
      expect(failRefund(asked.payment, ended, "X", later)).toBeUndefined();
      expect(loseRefundAnswer(asked.payment, ended, later)).toBeUndefined();
    }
  });

  test("given a refund, when its answer is lost and the gateway is asked, then it is unknown and then known", () => {
    const lost = loseRefundAnswer(asked.payment, asked.refund, later);
    expect([lost?.refund.state, lost?.event]).toEqual(["UNKNOWN", undefined]);
    if (lost === undefined) return;
    expect(settleRefund(lost.payment, lost.refund, word, later)?.refund.state).toBe("SUCCEEDED");
  });
});

describe("splitRefund", () => {
  const rows: readonly (readonly [bigint, readonly [bigint, bigint, bigint]])[] = [
    [0n, [0n, 0n, 0n]],
    [1n, [0n, 1n, 0n]],
    [17_400n, [15_000n, 2_400n, 0n]],
    [34_799n, [29_999n, 4_800n, 0n]],
    [34_800n, [30_000n, 4_800n, 0n]],
    [34_801n, [30_000n, 4_800n, 1n]],
    [36_799n, [30_000n, 4_800n, 1_999n]],
    [36_800n, [30_000n, 4_800n, 2_000n]],
  ];
  test.each(rows)(
    "given 36.800, when %p is given back, then it comes from %p",
    (amount, [serviceMinor, taxMinor, feeMinor]) => {
      expect(splitRefund(paid.parts, amount)).toEqual({ serviceMinor, taxMinor, feeMinor });
    },
  );

  test("given any penalty that is kept with its tax and the fee, when the rest is given back, then the parts are those of the quote", () => {
    const price = fc.record({
      serviceMinor: fc.bigInt({ min: 1n, max: 100_000n }),
      taxMinor: fc.bigInt({ min: 0n, max: 20_000n }),
      feeMinor: fc.bigInt({ min: 0n, max: 5_000n }),
    });
    fc.assert(
      fc.property(price, fc.bigInt({ min: 0n, max: 100n }), (parts, percent) => {
        const penaltyMinor = (parts.serviceMinor * percent + 50n) / 100n;
        const serviceMinor = parts.serviceMinor - penaltyMinor;
        const taxMinor = parts.taxMinor - (parts.taxMinor * penaltyMinor) / parts.serviceMinor;
        expect(splitRefund(parts, serviceMinor + taxMinor)).toEqual({ serviceMinor, taxMinor, feeMinor: 0n });
      }),
    );
  });
});

describe("the ledger (PY-05)", () => {
  test("given lines that do not cancel out, when a transfer is made, then it is refused, by currency", () => {
    const lines: readonly Entry[] = [
      { account: "a", currencyCode: "JOD", amountMinor: 5n },
      { account: "b", currencyCode: "AED", amountMinor: -5n },
    ];
    expect(() => transfer("CAPTURE", "x", "v1", lines)).toThrow(RangeError);
  });

  test("given any refunds with any ends, when all is booked, then every transfer balances and no account is overdrawn", () => {
    const parts = fc.record({
      serviceMinor: fc.bigInt({ min: 0n, max: 50_000n }),
      taxMinor: fc.bigInt({ min: 0n, max: 9_000n }),
      feeMinor: fc.bigInt({ min: 1n, max: 5_000n }),
    });
    const asks = fc.array(
      fc.record({
        percent: fc.bigInt({ min: 1n, max: 100n }),
        end: fc.constantFrom("succeeded", "failed", "open"),
        mayRefundFee: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, asks, (parts, asks) => {
        const amountMinor = parts.serviceMinor + parts.taxMinor + parts.feeMinor;
        let payment: Payment = { ...paid, parts, amount: { currencyCode: "JOD", amountMinor } };
        const refunds: Refund[] = [];
        const transfers: NewTransfer[] = [captureTransfer(payment)];
        for (const [index, ask] of asks.entries()) {
          const left = amountMinor - payment.refundReservedMinor;
          const live = refunds.filter(({ state }) => state !== "FAILED");
          const feeLeft = live.reduce((fee, refund) => fee - refund.parts.feeMinor, parts.feeMinor);
          const mayMinor = ask.mayRefundFee ? left : left - feeLeft;
          const amount = (mayMinor * ask.percent + 99n) / 100n;
          if (amount === 0n) continue;
          const { mayRefundFee } = ask;
          const request = { ...wish, id: `r${index}`, operationId: `o${index}`, amountMinor: amount, mayRefundFee };
          if (!mayRefundFee) {
            const more = { ...request, amountMinor: mayMinor + 1n };
            expect(reasonOf(() => requestRefund(payment, refunds, more, later))).toMatch(/^REFUND_EXCEEDS_/);
          }
          const asked = requestRefund(payment, refunds, request, later);
          if (!mayRefundFee) expect(asked.refund.parts.feeMinor).toBe(0n);
          transfers.push(...asked.transfers);
          payment = asked.payment;
          let refund = asked.refund;
          if (ask.end !== "open") {
            const heard: ChargeRefund = {
              ...word,
              status: ask.end === "failed" ? "failed" : "succeeded",
              amount: refund.amount,
            };
            const settled = settleRefund(payment, refund, heard, later);
            if (settled === undefined) throw new Error("a first word must settle");
            transfers.push(...settled.transfers);
            payment = settled.payment;
            refund = settled.refund;
          }
          refunds.push(refund);
        }
        for (const { entries } of transfers) for (const sum of sumsByCurrency(entries).values()) expect(sum).toBe(0n);
        const after = balances(transfers);
        expect(payment.refundedMinor <= payment.refundReservedMinor).toBe(true);
        expect(payment.refundReservedMinor <= amountMinor).toBe(true);
        expect(after[accounts.clearing("sandbox")] ?? 0n).toBe(amountMinor - payment.refundedMinor);
        expect(after[accounts.customer("c1")] ?? 0n).toBe(payment.refundedMinor - payment.refundReservedMinor);
        for (const account of [accounts.provider("v1"), accounts.tax]) expect((after[account] ?? 0n) <= 0n).toBe(true);
        expect((after[accounts.refunds] ?? 0n) <= parts.feeMinor).toBe(true);
        if (payment.refundReservedMinor === amountMinor) expect(after[accounts.provider("v1")] ?? 0n).toBe(0n);
      }),
    );
  });
});

function balances(transfers: readonly NewTransfer[]): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { account, amountMinor } of transfers.flatMap(({ entries }) => entries))
    sums[account] = (sums[account] ?? 0n) + amountMinor;
  return Object.fromEntries(Object.entries(sums).filter(([, minor]) => minor !== 0n));
}

function reasonOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof PaymentError ? error.reason : String(error);
  }
}
