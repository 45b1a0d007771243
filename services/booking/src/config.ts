import { durationField, flagField, integerField, textField } from "@dawr/config";

/** Booking's settings. */
export const config = {
  BOOKING_HOLD: durationField().default(Temporal.Duration.from("PT15M")).describe("how long a slot is held (AV-03)"),
  BOOKING_QUOTE_LIFETIME: durationField().default(Temporal.Duration.from("PT15M")).describe("how long a quote is good"),
  BOOKING_HOLDS_PER_ACCOUNT: integerField(1, 10_000).default(3).describe("live holds that one account may have"),
  BOOKING_HOLDS_PER_ADDRESS: integerField(1, 100_000)
    .default(10)
    .describe("live holds that one network address may have"),
  BOOKING_FREE_WINDOW_MINUTES: integerField(0, 43_200)
    .default(24 * 60)
    .describe("free cancelling until so long before the start, where a provider says nothing (BK-05)"),
  BOOKING_LATE_PENALTY_PERCENT: integerField(0, 100)
    .default(50)
    .describe("what cancelling later costs, in per cent of the price"),
  BOOKING_NO_SHOW_PENALTY_PERCENT: integerField(0, 100)
    .default(100)
    .describe("what not coming costs, in per cent of the price"),
  BOOKING_DEPOSIT_PERCENT: integerField(0, 100)
    .default(0)
    .describe("what of price and tax is paid when booking online, in per cent; 0 and 100 for all (BK-07)"),
  BOOKING_MAX_RESCHEDULES: integerField(0, 100).default(3).describe("how often a customer may move a booking (BK-05)"),
  BOOKING_RESCHEDULE_WINDOW_MINUTES: integerField(0, 43_200)
    .default(24 * 60)
    .describe("until so long before the start a customer may move a booking"),
  BOOKING_NEEDS_APPROVAL: flagField().default(false).describe("whether the provider agrees to each booking first"),
  BOOKING_APPROVAL_MINUTES: integerField(1, 43_200)
    .default(24 * 60)
    .describe("how long the provider has to agree to a booking"),
  BOOKING_REFUNDS_FEE: flagField().default(true).describe("whether the platform fee goes back inside the free window"),
  BOOKING_TAX: textField()
    .default("JO=1600,AE=500,SA=1500,US=0")
    .describe("tax on services by region, in hundredths of a per cent"),
};

/** Reads "JO=1600,AE=500": hundredths of a per cent by region. */
export function taxTable(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split(",").map((entry) => {
      const [region = "", rate = ""] = entry.split("=");
      if (!/^[A-Z]{2}$/.test(region.trim()) || !/^\d{1,5}$/.test(rate.trim()))
        throw new RangeError(`BOOKING_TAX: "${entry}"`);
      return [region.trim(), Number(rate)];
    }),
  );
}
