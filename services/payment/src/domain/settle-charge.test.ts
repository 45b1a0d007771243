import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type AskingRules, askedInVain, isOverdue, mayResend, nextAsk } from "./asking.ts";
import type { Charge } from "./charge.ts";
import { PaymentError } from "./errors.ts";
import { captureTransfer, sumsByCurrency } from "./ledger.ts";
import type { Payment, PaymentState } from "./payment.ts";
import { cancelUnsent, loseAnswer, refuseIntent, resolvePayment, settleCharge } from "./settle-charge.ts";

const start = Temporal.Instant.from("2027-03-01T09:00:00Z");
const later = start.add({ seconds: 20 });

const rules: AskingRules = {
  pendingAfter: Temporal.Duration.from("PT10S"),
  unknownAfter: Temporal.Duration.from("PT1S"),
  atMost: Temporal.Duration.from("PT1H"),
  overdueAfter: Temporal.Duration.from("PT1M"),
  resendFor: Temporal.Duration.from("PT10M"),
};

const created: Payment = {
  id: "p1",
  providerId: "v1",
  subject: "providers/v1/bookings/b1",
  customerId: "c1",
  amount: { currencyCode: "JOD", amountMinor: 36_800n },
  parts: { serviceMinor: 30_000n, taxMinor: 4_800n, feeMinor: 2_000n },
  gateway: "sandbox",
  operationId: "o1",
  gatewayId: undefined,
  payUrl: undefined,
  returnUrl: "http://localhost:8080/paid",
  locale: "ar",
  description: "Haircut",
  payExpireTime: start.add({ minutes: 15 }),
  state: "CREATED",
  failure: undefined,
  refundReservedMinor: 0n,
  refundedMinor: 0n,
  version: 1n,
  asked: 3,
  askTime: start,
  createTime: start,
  updateTime: start,
  succeedTime: undefined,
};

const charge: Charge = {
  gatewayId: "ch_1",
  operationId: "o1",
  status: "pending",
  amount: created.amount,
  refundedMinor: 0n,
  payUrl: "http://pay/ch_1",
  failure: undefined,
};

const heard = { gatewayId: "ch_1", payUrl: "http://pay/ch_1", version: 2n, asked: 0, updateTime: later };

describe("settleCharge", () => {
  test("given an intent, when the gateway has made the charge, then the customer may pay", () => {
    expect(settleCharge(created, charge, rules, later)).toEqual({
      payment: { ...created, ...heard, state: "PENDING", askTime: later.add({ seconds: 10 }) },
      event: undefined,
      transfers: [],
    });
  });

  test("given a pending payment, when the money was taken, then it has succeeded and is in the ledger", () => {
    const pending: Payment = { ...created, state: "PENDING" };
    expect(settleCharge(pending, { ...charge, status: "succeeded" }, rules, later)).toEqual({
      payment: { ...pending, ...heard, state: "SUCCEEDED", askTime: undefined, succeedTime: later },
      event: "PaymentSucceeded",
      transfers: [captureTransfer(created)],
    });
  });

  test("given a pending payment, when the card was declined, then it has failed and the gateway is asked again later", () => {
    const pending: Payment = { ...created, state: "PENDING" };
    expect(settleCharge(pending, { ...charge, status: "failed", failure: "insufficient_funds" }, rules, later)).toEqual(
      {
        payment: {
          ...pending,
          ...heard,
          state: "FAILED",
          failure: "insufficient_funds",
          askTime: later.add({ seconds: 10 }),
        },
        event: "PaymentFailed",
        transfers: [],
      },
    );
  });

  type Row = readonly [PaymentState, Charge["status"], PaymentState | "no change", string | undefined];
  const moves: readonly Row[] = [
    ["CREATED", "pending", "PENDING", undefined],
    ["CREATED", "succeeded", "SUCCEEDED", "PaymentSucceeded"],
    ["CREATED", "failed", "FAILED", "PaymentFailed"],
    ["CREATED", "cancelled", "CANCELLED", "PaymentFailed"],
    ["PENDING", "pending", "no change", undefined],
    ["PENDING", "succeeded", "SUCCEEDED", "PaymentSucceeded"],
    ["PENDING", "failed", "FAILED", "PaymentFailed"],
    ["PENDING", "cancelled", "CANCELLED", "PaymentFailed"],
    ["UNKNOWN", "pending", "PENDING", undefined],
    ["UNKNOWN", "succeeded", "SUCCEEDED", "PaymentSucceeded"],
    ["UNKNOWN", "failed", "FAILED", "PaymentFailed"],
    ["UNKNOWN", "cancelled", "CANCELLED", "PaymentFailed"],
    ["FAILED", "pending", "no change", undefined],
    ["FAILED", "succeeded", "SUCCEEDED", "PaymentSucceeded"],
    ["FAILED", "failed", "no change", undefined],
    ["FAILED", "cancelled", "CANCELLED", undefined],
    ["CANCELLED", "pending", "no change", undefined],
    ["CANCELLED", "succeeded", "SUCCEEDED", "PaymentSucceeded"],
    ["CANCELLED", "failed", "no change", undefined],
    ["CANCELLED", "cancelled", "no change", undefined],
    ["SUCCEEDED", "pending", "no change", undefined],
    ["SUCCEEDED", "succeeded", "no change", undefined],
    ["SUCCEEDED", "failed", "no change", undefined],
    ["SUCCEEDED", "cancelled", "no change", undefined],
  ];
  test.each(moves)("given %s, when the gateway says %s, then it is %s and tells %s", (state, status, end, event) => {
    const payment: Payment = { ...created, state, failure: state === "UNKNOWN" ? "no_answer" : undefined };
    const change = settleCharge(payment, { ...charge, status }, rules, later);
    expect(change?.payment.state ?? "no change").toBe(end);
    expect(change?.event).toBe(event);
    expect(change?.transfers.length ?? 0).toBe(end === "SUCCEEDED" ? 1 : 0);
  });

  const others: readonly (readonly [string, Charge["amount"]])[] = [
    ["a fils less", { currencyCode: "JOD", amountMinor: 36_799n }],
    ["a fils more", { currencyCode: "JOD", amountMinor: 36_801n }],
    ["another currency", { currencyCode: "AED", amountMinor: 36_800n }],
  ];
  test.each(others)("given %s, when the money was taken, then it is unknown, never a success", (_name, amount) => {
    const pending: Payment = { ...created, state: "PENDING" };
    const change = settleCharge(pending, { ...charge, status: "succeeded", amount }, rules, later);
    expect(change).toEqual({
      payment: {
        ...pending,
        ...heard,
        state: "UNKNOWN",
        failure: "amount_mismatch",
        askTime: later.add({ seconds: 1 }),
      },
      event: "PaymentUnknown",
      transfers: [],
    });
    if (change === undefined) return;
    expect(settleCharge(change.payment, { ...charge, status: "succeeded", amount }, rules, later)).toBeUndefined();
    expect(settleCharge(change.payment, charge, rules, later)).toBeUndefined();
    expect(settleCharge(change.payment, { ...charge, status: "succeeded" }, rules, later)?.payment.state).toBe(
      "SUCCEEDED",
    );
  });

  test("given the words of a gateway in any order and number, when heard, then the end is the same if money was taken", () => {
    const word = fc.constantFrom<Charge["status"]>("pending", "failed", "cancelled", "succeeded");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        let payment = created;
        let captures = 0;
        for (const status of words) {
          const change = settleCharge(payment, { ...charge, status }, rules, later);
          if (change === undefined) continue;
          expect(change.payment.version).toBe(payment.version + 1n);
          for (const { entries } of change.transfers) expect([...sumsByCurrency(entries).values()]).toEqual([0n]);
          captures += change.transfers.length;
          payment = change.payment;
        }
        expect(captures).toBe(words.includes("succeeded") ? 1 : 0);
        expect(payment.state === "SUCCEEDED").toBe(words.includes("succeeded"));
      }),
    );
  });
});

describe("resolvePayment", () => {
  const unknown: Payment = { ...created, state: "UNKNOWN", failure: "amount_mismatch" };

  test("given an unknown payment, when a person says it was paid, then it has succeeded and is in the ledger", () => {
    expect(resolvePayment(unknown, "SUCCEEDED", rules, later)).toEqual({
      payment: {
        ...unknown,
        state: "SUCCEEDED",
        failure: undefined,
        version: 2n,
        asked: 0,
        askTime: undefined,
        updateTime: later,
        succeedTime: later,
      },
      event: "PaymentSucceeded",
      transfers: [captureTransfer(unknown)],
    });
  });

  test("given an unknown payment, when a person says it was not paid, then the same contradiction does not reopen it", () => {
    const { payment, event, transfers } = resolvePayment(unknown, "FAILED", rules, later);
    expect([payment.state, payment.failure, payment.askTime, event, transfers]).toEqual([
      "FAILED",
      "resolved_by_hand",
      undefined,
      "PaymentFailed",
      [],
    ]);
    const amount = { currencyCode: "JOD", amountMinor: 1n };
    expect(settleCharge(payment, { ...charge, status: "succeeded", amount }, rules, later)).toBeUndefined();
    expect(settleCharge(payment, { ...charge, status: "succeeded" }, rules, later)?.event).toBe("PaymentSucceeded");
  });

  test.each<PaymentState>(["CREATED", "PENDING", "SUCCEEDED", "FAILED", "CANCELLED"])(
    "given %s, when a person would settle it, then that is refused",
    (state) => {
      expect(() => resolvePayment({ ...created, state }, "FAILED", rules, later)).toThrow(
        new PaymentError("PAYMENT_STATE_WRONG", { payment: "payments/p1", state }),
      );
    },
  );
});

describe("answers that do not come", () => {
  test("given an intent, when its answer is lost, then it is unknown and asked for after a second", () => {
    expect(loseAnswer(created, rules, later)).toEqual({
      payment: {
        ...created,
        state: "UNKNOWN",
        failure: "no_answer",
        version: 2n,
        asked: 0,
        askTime: later.add({ seconds: 1 }),
        updateTime: later,
      },
      event: "PaymentUnknown",
      transfers: [],
    });
  });

  test.each<PaymentState>(["PENDING", "SUCCEEDED", "FAILED", "CANCELLED", "UNKNOWN"])(
    "given %s, when a late time-out of the intent is noticed, then nothing changes",
    (state) => {
      expect(loseAnswer({ ...created, state }, rules, later)).toBeUndefined();
    },
  );

  test("given an unknown intent, when the gateway refuses it or it is cancelled before it arrived, then it has ended", () => {
    const unknown: Payment = { ...created, state: "UNKNOWN", failure: "no_answer" };
    expect(refuseIntent(unknown, "gateway_refused", rules, later)?.payment.state).toBe("FAILED");
    expect(cancelUnsent(unknown, rules, later)?.payment.state).toBe("CANCELLED");
    const contradicted: Payment = { ...unknown, failure: "amount_mismatch" };
    expect(refuseIntent(contradicted, "gateway_refused", rules, later)).toBeUndefined();
    expect(cancelUnsent(contradicted, rules, later)).toBeUndefined();
    expect(cancelUnsent({ ...created, state: "PENDING" }, rules, later)).toBeUndefined();
  });

  test("given an intent that the gateway refused, when its page has ended, then it is cancelled in silence and never asked about again", () => {
    const refused: Payment = { ...created, state: "FAILED", failure: "gateway_refused" };
    expect(cancelUnsent(refused, rules, later)).toMatchObject({
      payment: { state: "CANCELLED", askTime: undefined },
      event: undefined,
      transfers: [],
    });
    expect(cancelUnsent({ ...refused, gatewayId: "ch_1" }, rules, later)).toBeUndefined();
  });
});

describe("asking", () => {
  const rows: readonly (readonly [PaymentState, number, number | undefined])[] = [
    ["CREATED", 0, 1],
    ["UNKNOWN", 3, 8],
    ["PENDING", 0, 10],
    ["PENDING", 2, 40],
    ["FAILED", 0, 10],
    ["PENDING", 8, 2_560],
    ["PENDING", 9, 3_600],
    ["PENDING", 5_000, 3_600],
    ["SUCCEEDED", 0, undefined],
    ["CANCELLED", 0, undefined],
  ];
  test.each(rows)("given %s asked %i times, when planned, then it is asked after %p s", (state, asked, seconds) => {
    expect(nextAsk(rules, state, asked, start)).toEqual(seconds === undefined ? undefined : start.add({ seconds }));
  });

  test("given a pending payment, when asked in vain, then the pause doubles and nothing else changes", () => {
    const pending: Payment = { ...created, state: "PENDING", asked: 0 };
    expect(askedInVain(pending, rules, later)).toEqual({ ...pending, asked: 1, askTime: later.add({ seconds: 20 }) });
  });

  test("given the limits, when asked on both sides, then the moment itself is over", () => {
    const instant = (seconds: number) => start.add({ seconds });
    expect(isOverdue(created, rules, instant(959))).toBe(false);
    expect(isOverdue(created, rules, instant(960))).toBe(true);
    expect(mayResend(created, rules, instant(599))).toBe(true);
    expect(mayResend(created, rules, instant(600))).toBe(false);
  });
});
