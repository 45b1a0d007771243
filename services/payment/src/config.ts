import { durationField, listField, secretField, textField, urlField } from "@dawr/config";
import { z } from "zod";
import { defaultFeeTable, type FeeTable, parseFeeTable } from "./domain/fees.ts";

const seconds = (count: number) => Temporal.Duration.from({ seconds: count });

/** Payment's variables. */
export const config = {
  PAYMENT_FEES: z
    .string()
    .transform((text, context): FeeTable => {
      const table = parseFeeTable(text);
      if (table !== undefined) return table;
      context.addIssue({ code: "custom", message: "no fee table" });
      return z.NEVER;
    })
    .describe('platform fees in major units, as "JOD 25:2/5, AED 130:10/26": threshold, fee below it, fee from it on')
    .prefault(defaultFeeTable),
  PAYMENT_RETURN_URLS: listField()
    .describe("addresses that payment pages may send customers back to, each with all below its path")
    .default([]),
  PAYMENT_WEBHOOK_URL: urlField("http", "https").describe(
    "where gateways send webhooks, without the gateway's name: https://HOST/webhooks",
  ),
  PAYMENT_GATEWAY_TIMEOUT: durationField()
    .describe("how long a gateway's answer may take before its outcome is unknown")
    .default(seconds(5)),
  PAYMENT_ASK_PENDING: durationField()
    .describe("first pause before a gateway is asked about a payment that nobody told of; doubles")
    .default(seconds(10)),
  PAYMENT_ASK_UNKNOWN: durationField()
    .describe("first pause before a gateway is asked about an answer that was lost; doubles")
    .default(seconds(1)),
  PAYMENT_ASK_MAX: durationField()
    .describe("longest such pause")
    .default(Temporal.Duration.from({ hours: 1 })),
  PAYMENT_OVERDUE: durationField()
    .describe("how long after the end of its page an unpaid payment is cancelled")
    .default(seconds(60)),
  PAYMENT_RESEND: durationField()
    .describe("how long an intent that never reached the gateway is sent again")
    .default(Temporal.Duration.from({ minutes: 10 })),
  PAYMENT_GATEWAY: textField().describe("gateway of new payments").default("sandbox"),
  PAYMENT_SANDBOX_URL: urlField("http", "https").describe("where the sandbox gateway is"),
  PAYMENT_SANDBOX_API_KEY: secretField().describe("key for the sandbox gateway's API"),
  PAYMENT_SANDBOX_WEBHOOK_SECRET: secretField().describe("secret that the sandbox gateway signs webhooks with"),
};
