import { BookingError } from "./errors.ts";
import { type CancellationQuote, type Penalised, quoteCancellation } from "./quote-cancellation.ts";

/**
 * What not coming costs and gives back: what a customer pays who cancels from the start on. Nobody is absent before the
 * start: TOO_EARLY. (BK-05)
 */
export function quoteNoShow(booking: Penalised, at: Temporal.Instant): CancellationQuote {
  if (Temporal.Instant.compare(at, booking.startTime) < 0) {
    throw new BookingError("TOO_EARLY", { from_time: booking.startTime.toString() });
  }
  return quoteCancellation(booking, "CUSTOMER", at);
}
