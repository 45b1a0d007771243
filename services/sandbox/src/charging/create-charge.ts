import type { Tx } from "@dawr/store";
import { z } from "zod";
import type { Charge } from "../domain/charge.ts";
import { insertCharge } from "../store/charges.ts";
import { announce } from "./announce.ts";
import type { Deps } from "./deps.ts";

/** Metadata of charges and refunds: a few short texts of the merchant's. */
export const metadataShape = z.record(z.string().regex(/^[a-z0-9_]{1,40}$/), z.string().max(500)).default({});

/** An amount in minor units; what JSON numbers hold exactly. */
export const amountShape = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

const webUrl = z.url({ protocol: /^https?$/ }).max(2048);

/** The body of POST /v1/charges. */
export const createChargeShape = z.strictObject({
  amount: amountShape,
  currency: z.string().regex(/^[A-Z]{3}$/),
  capture: z.enum(["automatic", "manual"]).default("automatic"),
  description: z.string().max(200).default(""),
  locale: z.string().max(35).default("en"),
  metadata: metadataShape,
  // An app may take its customer back by a scheme of its own.
  return_url: z
    .url()
    .max(2048)
    .refine((url) => !/^(javascript|data|vbscript|file|blob):/i.test(url))
    .optional(),
  webhook_url: webUrl.optional(),
  expire_time: z.iso.datetime({ offset: true }).optional(),
});

/** Makes a charge that waits for its customer. */
export function createCharge(tx: Tx, deps: Deps, wish: z.infer<typeof createChargeShape>): Charge {
  const at = deps.now();
  const charge: Charge = {
    id: `ch_${deps.newId().replaceAll("-", "")}`,
    status: "pending",
    currency: wish.currency,
    amount: BigInt(wish.amount),
    amountCaptured: 0n,
    amountRefunded: 0n,
    capture: wish.capture,
    description: wish.description,
    locale: wish.locale,
    metadata: wish.metadata,
    returnUrl: wish.return_url,
    webhookUrl: wish.webhook_url,
    expireTime: wish.expire_time === undefined ? undefined : Temporal.Instant.from(wish.expire_time),
    behaviour: undefined,
    cardBrand: undefined,
    cardLast4: undefined,
    failureCode: undefined,
    createTime: at,
    updateTime: at,
  };
  insertCharge(tx, charge);
  // Only when the merchant must live with reordering is there something to say this early.
  if (deps.faults.plan().webhooks.reorder > 0) announce(tx, deps, "charge.pending", charge);
  return charge;
}
