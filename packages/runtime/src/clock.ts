import { randomUUIDv7 } from "node:crypto";

/** The platform's clock: the machine's, moved by an offset that is none but in drills. */
export function platformClock(offset: Temporal.Duration): () => Temporal.Instant {
  const nanoseconds = offset.total("nanoseconds");
  if (nanoseconds === 0) return () => Temporal.Now.instant();
  return () => Temporal.Now.instant().add({ nanoseconds });
}

/** A new id, UUIDv7: in the order of time, not to be guessed. */
export function newId(): string {
  return randomUUIDv7();
}
