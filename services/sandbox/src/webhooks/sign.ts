import { createHmac } from "node:crypto";

/** The header `Dawr-Signature` of a body sent at an instant: t in seconds, v1 = hex HMAC-SHA256 of `${t}.${body}`. */
export function signWebhook(secret: string, body: string, at: Temporal.Instant): string {
  const seconds = Math.floor(at.epochMilliseconds / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
