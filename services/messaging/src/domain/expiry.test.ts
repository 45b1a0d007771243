import { describe, expect, test } from "@jest/globals";
import { type Expiry, expiryTold } from "./expiry.ts";

describe("an expired booking", () => {
  test.each([
    [{ wasPendingPayment: false, reason: "HOLD_LAPSED", wasPaid: false }, undefined],
    [{ wasPendingPayment: true, reason: "PAYMENT_TIMED_OUT", wasPaid: false }, "unpaid"],
    [{ wasPendingPayment: true, reason: "PAYMENT_FAILED", wasPaid: false }, "unpaid"],
    [{ wasPendingPayment: false, reason: "PAYMENT_TIMED_OUT", wasPaid: true }, "paidTooLate"],
    [{ wasPendingPayment: true, reason: "PAID_TOO_LATE", wasPaid: false }, "paidTooLate"],
  ] as const satisfies readonly (readonly [Expiry, string | undefined])[])("given %j, then told %s", (expiry, told) => {
    expect(expiryTold(expiry)).toBe(told);
  });
});
