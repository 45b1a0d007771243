import { durationField, integerField, portField, secretField, textField, urlField } from "@dawr/config";
import { z } from "zod";
import { noFaults } from "./domain/faults.ts";
import { readFaultPlan } from "./live-faults.ts";

const seconds = (count: number) => Temporal.Duration.from({ seconds: count });

/** The sandbox's variables. */
export const config = {
  SANDBOX_HOST: textField().describe("address that pages, API and SMTP are opened on").default("127.0.0.1"),
  SANDBOX_PORT: portField().describe("port of the pages and the payment API").default(8090),
  SANDBOX_SMTP_PORT: portField().describe("port of the mailbox's SMTP server").default(1025),
  SANDBOX_PUBLIC_URL: urlField("http", "https")
    .describe("where browsers reach the pages; the sandbox's own address unless told")
    .optional(),
  SANDBOX_API_KEY: secretField().min(16).describe("key that merchants call the payment API with"),
  SANDBOX_WEBHOOK_SECRET: secretField().min(16).describe("secret that webhooks are signed with"),
  SANDBOX_WEBHOOK_RETRY: durationField().describe("first pause of a webhook that failed; doubles").default(seconds(1)),
  SANDBOX_WEBHOOK_LOST_RETRY: durationField()
    .describe("pause after a first webhook that a fault or a card lost")
    .default(seconds(60)),
  SANDBOX_WEBHOOK_GIVE_UP: durationField()
    .describe("age at which a webhook is not sent any more")
    .default(Temporal.Duration.from({ hours: 72 })),
  SANDBOX_REFUND_DELAY: durationField().describe("how long the pending-refund card takes").default(seconds(5)),
  SANDBOX_KEEP: durationField()
    .describe("how long mails, sent webhooks and idempotent answers are kept")
    .default(Temporal.Duration.from({ hours: 30 * 24 })),
  SANDBOX_MAIL_LIMIT: integerField(1024, 100_000_000).describe("largest mail, in bytes").default(10_485_760),
  SANDBOX_FAULTS: z
    .string()
    .transform((text, context) => {
      try {
        return readFaultPlan(JSON.parse(text));
      } catch (error) {
        context.addIssue({ code: "custom", message: String(error) });
        return z.NEVER;
      }
    })
    .describe("faults to play, a JSON plan as in services/sandbox/README.md")
    .default(noFaults),
};
