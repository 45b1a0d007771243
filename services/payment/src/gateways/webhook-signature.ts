import { createHmac, timingSafeEqual } from "node:crypto";
import { PaymentError } from "../domain/errors.ts";

/** How far a webhook's time may be from ours, in seconds. */
const toleranceSeconds = 300;

/**
 * Checks `t=<seconds>,v1=<hex HMAC-SHA256 of t.body>` over the raw body, in constant time, then the time itself; any v1 of
 * several may fit, so that secrets can be rotated. Throws WEBHOOK_SIGNATURE_INVALID, WEBHOOK_TOO_OLD. (GW-02)
 */
export function requireSignature(
  header: string | undefined,
  body: Uint8Array,
  secret: string,
  at: Temporal.Instant,
): void {
  const fields = (header ?? "").split(",").map((field) => field.trim().split("=", 2));
  const time = fields.find(([name]) => name === "t")?.[1] ?? "";
  const given = fields.filter(([name]) => name === "v1").map(([, value]) => value ?? "");
  if (!/^\d{1,12}$/.test(time)) throw new PaymentError("WEBHOOK_SIGNATURE_INVALID");
  const expected = createHmac("sha256", secret).update(`${time}.`).update(body).digest();
  if (!given.some((value) => isSame(value, expected))) throw new PaymentError("WEBHOOK_SIGNATURE_INVALID");
  const ageSeconds = at.epochMilliseconds / 1000 - Number(time);
  if (Math.abs(ageSeconds) > toleranceSeconds)
    throw new PaymentError("WEBHOOK_TOO_OLD", { age_seconds: String(Math.round(ageSeconds)) });
}

function isSame(hex: string, expected: Buffer): boolean {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return false;
  return timingSafeEqual(Buffer.from(hex, "hex"), expected);
}
