/** Differences below this are two readings of one clock. */
const toleranceMs = 50;

/** How far the platform's clock is from the machine's, in milliseconds; 0 when it is the machine's. */
export function clockOffset(now: () => Temporal.Instant): number {
  const offsetMs = now().epochMilliseconds - Date.now();
  return Math.abs(offsetMs) < toleranceMs ? 0 : offsetMs;
}

/** Makes clock_now() tell the platform's time: until the transaction ends, or as long as the session lasts. */
export function setClockOffset(offsetMs: number, until: "transaction" | "session"): string {
  return `set ${until === "transaction" ? "local " : ""}dawr.clock_offset = '${offsetMs} milliseconds'`;
}
