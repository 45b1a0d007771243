import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { PaymentError } from "../domain/errors.ts";
import { requireSignature } from "./webhook-signature.ts";

const secret = "a-secret-of-a-gateway";
const body = Buffer.from('{"amount":1}');
const sent = 1_800_000_000;
const mac = (seconds: number, key = secret) =>
  createHmac("sha256", key).update(`${seconds}.${body.toString()}`).digest("hex");
const at = (seconds: number) => Temporal.Instant.fromEpochMilliseconds(seconds * 1000);

function reason(header: string | undefined, seconds = sent): string {
  try {
    requireSignature(header, body, secret, at(seconds));
    return "taken";
  } catch (error) {
    return error instanceof PaymentError ? error.reason : String(error);
  }
}

describe("requireSignature", () => {
  const rows: readonly (readonly [string, string | undefined, number, string])[] = [
    ["a fresh signature", `t=${sent},v1=${mac(sent)}`, sent, "taken"],
    ["one of 300 s ago", `t=${sent},v1=${mac(sent)}`, sent + 300, "taken"],
    ["one of 301 s ago", `t=${sent},v1=${mac(sent)}`, sent + 301, "WEBHOOK_TOO_OLD"],
    ["one from 300 s ahead", `t=${sent},v1=${mac(sent)}`, sent - 300, "taken"],
    ["one from 301 s ahead", `t=${sent},v1=${mac(sent)}`, sent - 301, "WEBHOOK_TOO_OLD"],
    ["an old one with a wrong signature", `t=${sent},v1=${mac(sent, "x")}`, sent + 999, "WEBHOOK_SIGNATURE_INVALID"],
    ["two, of which one fits", `t=${sent},v1=${mac(sent, "old")},v1=${mac(sent)}`, sent, "taken"],
    ["capitals and blanks", `t=${sent}, v1=${mac(sent).toUpperCase()}`, sent, "taken"],
    ["another version only", `t=${sent},v0=${mac(sent)}`, sent, "WEBHOOK_SIGNATURE_INVALID"],
    ["a time that was changed", `t=${sent + 1},v1=${mac(sent)}`, sent, "WEBHOOK_SIGNATURE_INVALID"],
    ["no time", `v1=${mac(sent)}`, sent, "WEBHOOK_SIGNATURE_INVALID"],
    ["a time that is none", `t=now,v1=${mac(sent)}`, sent, "WEBHOOK_SIGNATURE_INVALID"],
    ["a cut signature", `t=${sent},v1=${mac(sent).slice(0, 32)}`, sent, "WEBHOOK_SIGNATURE_INVALID"],
    ["an empty header", "", sent, "WEBHOOK_SIGNATURE_INVALID"],
    ["no header", undefined, sent, "WEBHOOK_SIGNATURE_INVALID"],
  ];
  test.each(rows)("given %s, when checked, then the answer is fixed", (_name, header, seconds, expected) => {
    expect(reason(header, seconds)).toBe(expected);
  });
});
