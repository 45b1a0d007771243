import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { KeyRing } from "@dawr/store";
import { BookingError } from "../domain/errors.ts";
import { mergePolicies } from "../domain/merge-policies.ts";
import type { Quote } from "../domain/quote.ts";

const context = "booking.quote";

/**
 * The quote as an opaque token that only this service can make: encrypted, authenticated, and packed to fit a request. The
 * terms as a whole follow from its items'.
 */
export function sealQuote({ policy: _follows, ...quote }: Quote, keys: KeyRing): string {
  const json = JSON.stringify(quote, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  return Buffer.from(keys.encrypt(deflateRawSync(json), context)).toString("base64url");
}

/** Reads a token that sealQuote made; anything else is QUOTE_INVALID. */
export function openQuote(token: string, keys: KeyRing): Quote {
  try {
    // It was authenticated before it is unpacked: nobody else's token can be a bomb.
    const json = inflateRawSync(keys.decrypt(Buffer.from(token, "base64url"), context)).toString();
    const quote = JSON.parse(json, revive) as Omit<Quote, "policy">;
    return { ...quote, policy: mergePolicies(quote.items) };
  } catch (cause) {
    throw new BookingError("QUOTE_INVALID", {}, { cause });
  }
}

function revive(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (key.endsWith("Minor") && /^-?\d+n$/.test(value)) return BigInt(value.slice(0, -1));
  return key === "startTime" || key === "expireTime" ? Temporal.Instant.from(value) : value;
}
