import { BookingError } from "./errors.ts";

/** Refuses with TOO_YOUNG who is younger than a service asks for on the day, local to the provider. (ID-09) */
export function requireAge(
  birthDate: Temporal.PlainDate | undefined,
  minAgeYears: number,
  { startTime, timeZone }: { readonly startTime: Temporal.Instant; readonly timeZone: string },
): void {
  if (minAgeYears === 0) return;
  const day = startTime.toZonedDateTimeISO(timeZone).toPlainDate();
  if (birthDate === undefined || Temporal.PlainDate.compare(birthDate.add({ years: minAgeYears }), day) > 0) {
    throw new BookingError("TOO_YOUNG", { min_age_years: String(minAgeYears) });
  }
}
