import { IdentityError } from "./errors.ts";

/** Refuses with TOO_YOUNG who has not had the birthday that makes them `minAgeYears` old by the given day. (ID-09) */
export function requireAge(birthDate: Temporal.PlainDate, today: Temporal.PlainDate, minAgeYears: number): void {
  const sameDay = birthDate.add({ years: minAgeYears });
  // Who was born on 29 February has the birthday on 1 March where there is no such day.
  const reached = sameDay.day === birthDate.day ? sameDay : sameDay.add({ days: 1 });
  if (Temporal.PlainDate.compare(today, reached) < 0) {
    throw new IdentityError("TOO_YOUNG", { min_age_years: String(minAgeYears) });
  }
}
