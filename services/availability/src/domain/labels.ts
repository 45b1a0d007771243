import { DAY_MINUTES, type Day, dateOfDay, type Minute, offsetAt, type ZoneLine } from "./zone-line.ts";

/**
 * Makes a function that writes instants as a zone's clock shows them, ISO 8601 with offset ("2026-03-08T10:30:00-05:00").
 * Dates are written once each: a zoned conversion per slot would cost more than finding the slot.
 */
export function localLabels(line: ZoneLine): (minute: Minute) => string {
  const dates = new Map<Day, string>();
  return (minute) => {
    const offset = offsetAt(line, minute);
    const wall = minute + offset;
    const day = Math.floor(wall / DAY_MINUTES);
    let date = dates.get(day);
    if (date === undefined) {
      date = dateOfDay(day).toString();
      dates.set(day, date);
    }
    return `${date}T${clock(wall - day * DAY_MINUTES)}:00${offset < 0 ? "-" : "+"}${clock(Math.abs(offset))}`;
  };
}

function clock(minutes: number): string {
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
