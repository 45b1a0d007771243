import { type ConfigValues, durationField, integerField } from "@dawr/config";
import type { BookingRules } from "./domain/calendar.ts";
import type { Settings } from "./rpc/deps.ts";

/** The settings of availability. The numbers of product.md are their defaults. */
export const config = {
  AVAILABILITY_SLOT_STEP_MINUTES: integerField(5, 240)
    .default(15)
    .describe("minutes between two starts, where a provider has set none"),
  AVAILABILITY_MIN_NOTICE_MINUTES: integerField(0, 43_200)
    .default(60)
    .describe("shortest time to a start, where a provider has set none"),
  AVAILABILITY_MAX_HORIZON_DAYS: integerField(1, 730)
    .default(60)
    .describe("how far ahead a start may lie, where a provider has set none"),
  AVAILABILITY_HOT_WINDOW: durationField()
    .default(Temporal.Duration.from({ hours: 4 }))
    .describe("slots that start in less than this are hot, where a provider has set nothing (AV-04)"),
  AVAILABILITY_HOT_DISCOUNT_PERCENT: integerField(0, 90)
    .default(0)
    .describe("what hot slots cost less, where a provider has set nothing"),
  AVAILABILITY_TRAVEL_MINUTES: integerField(0, 480)
    .default(30)
    .describe("travel on both sides of a visit, where a provider has set none"),
  AVAILABILITY_ALTERNATIVE_DAYS: integerField(1, 31)
    .default(7)
    .describe("how far on both sides of a lost start alternatives are looked for"),
  AVAILABILITY_HEARTBEAT: durationField()
    .default(Temporal.Duration.from({ seconds: 15 }))
    .describe("silence after which a stream sends a heartbeat"),
  AVAILABILITY_RESUME_FOR: durationField()
    .default(Temporal.Duration.from({ hours: 1 }))
    .describe("how long a stream can be resumed"),
  AVAILABILITY_PUBLISH_AFTER: durationField()
    .default(Temporal.Duration.from({ milliseconds: 200 }))
    .describe("how long changes of one provider are gathered into one event (SE-05)"),
};

type Config = ConfigValues<typeof config>;

/** The rules of a provider that has set none. */
export function defaultRules(values: Config): BookingRules {
  return {
    stepMinutes: values.AVAILABILITY_SLOT_STEP_MINUTES,
    noticeMinutes: values.AVAILABILITY_MIN_NOTICE_MINUTES,
    horizonDays: values.AVAILABILITY_MAX_HORIZON_DAYS,
    hotWindowMinutes: values.AVAILABILITY_HOT_WINDOW.total("minutes"),
    hotDiscountPercent: values.AVAILABILITY_HOT_DISCOUNT_PERCENT,
    travelMinutes: values.AVAILABILITY_TRAVEL_MINUTES,
    limits: [],
  };
}

export function settingsOf(values: Config): Settings {
  return {
    heartbeatMs: values.AVAILABILITY_HEARTBEAT.total("milliseconds"),
    resumeFor: values.AVAILABILITY_RESUME_FOR,
    alternativeDays: values.AVAILABILITY_ALTERNATIVE_DAYS,
    pageSize: 50,
  };
}
