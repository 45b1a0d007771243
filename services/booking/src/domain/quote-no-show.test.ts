import { describe, expect, test } from "@jest/globals";
import { paidBooking, usualPolicy } from "../../test/terms.ts";
import { atVenue } from "./price.ts";
import { quoteNoShow } from "./quote-no-show.ts";

const start = Temporal.Instant.from("2026-05-04T10:00:00Z");

describe("when the customer does not come", () => {
  const booking = paidBooking([{ priceMinor: 10_000n, policy: { ...usualPolicy, noShowPenaltyPercent: 70 } }], start);
  test("then it costs what cancelling from the start on does, and nobody is absent before", () => {
    expect(quoteNoShow(booking, start)).toEqual({
      penaltyMinor: 7_000n,
      dueMinor: 3_150n,
      refundMinor: 3_150n,
      feeRefundMinor: 0n,
    });
    expect(quoteNoShow(booking, start.add({ hours: 24 }))).toEqual(quoteNoShow(booking, start));
    expect(() => quoteNoShow(booking, start.subtract({ nanoseconds: 1 }))).toThrow(
      expect.objectContaining({ reason: "TOO_EARLY", metadata: { from_time: "2026-05-04T10:00:00Z" } }),
    );
  });
  test("then what was given back before is taken off, and who paid at the venue owes nothing here", () => {
    const given = { ...booking, refund: { currencyCode: "AED", dueMinor: 0n, doneMinor: 3_000n } };
    expect(quoteNoShow(given, start)).toMatchObject({ dueMinor: 3_150n, refundMinor: 150n });
    const cash = { ...booking, price: atVenue(booking.price), paymentState: "NONE" as const };
    expect(quoteNoShow(cash, start)).toMatchObject({ penaltyMinor: 0n, dueMinor: 0n });
  });
});
