import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type Date as CivilDate, DateSchema } from "@dawr/gen/google/type/date_pb.js";
import { AvailabilityError } from "../domain/errors.ts";
import { type Day, dateOfDay, dayOfDate, type Minute, type ZoneLine, zoneLine } from "../domain/zone-line.ts";

export function timestampOf(minute: Minute): Timestamp {
  return create(TimestampSchema, { seconds: BigInt(minute * 60) });
}

export function timestampOfInstant(instant: Temporal.Instant): Timestamp {
  const ms = instant.epochMilliseconds;
  const seconds = Math.floor(ms / 1000);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 });
}

/** The first minute that is not before the timestamp: starts and ends of windows are compared with whole minutes. */
export function minuteFrom(timestamp: Timestamp | undefined): Minute {
  if (!timestamp) throw new TypeError("the contract requires a time here");
  return Math.ceil(Number(timestamp.seconds) / 60 + timestamp.nanos / 60e9);
}

/** The minute of a timestamp, or nothing when it is not a whole one: then it is no start. (S6) */
export function wholeMinute(timestamp: Timestamp | undefined): Minute | undefined {
  return timestamp && timestamp.nanos === 0 && timestamp.seconds % 60n === 0n
    ? Number(timestamp.seconds) / 60
    : undefined;
}

export function dayFromProto(date: CivilDate | undefined): Day {
  if (!date) throw new TypeError("the contract requires a date here");
  return dayOfDate(Temporal.PlainDate.from({ year: date.year, month: date.month, day: date.day }));
}

export function dayToProto(day: Day): CivilDate {
  const { year, month, day: dayOfMonth } = dateOfDay(day);
  return create(DateSchema, { year, month, day: dayOfMonth });
}

/** A viewer's zone. Error: TIME_ZONE_UNKNOWN. */
export function viewerLine(zone: string, from: Minute, to: Minute): ZoneLine {
  try {
    return zoneLine(zone, from, to);
  } catch (cause) {
    throw new AvailabilityError("TIME_ZONE_UNKNOWN", { time_zone: zone }, { cause });
  }
}

/** The instant of a timestamp that the contract requires. */
export function instantFrom(timestamp: Timestamp | undefined): Temporal.Instant {
  if (!timestamp) throw new TypeError("the contract requires a time here");
  return Temporal.Instant.fromEpochNanoseconds(timestamp.seconds * 1_000_000_000n + BigInt(timestamp.nanos));
}
