import { addStep } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import { z } from "zod";
import { type Refund, refundCharge } from "../domain/refund.ts";
import { lockCharge, saveCharge } from "../store/charges.ts";
import { insertRefund } from "../store/refunds.ts";
import { announce } from "./announce.ts";
import { amountShape, metadataShape } from "./create-charge.ts";
import { delayRunner } from "./delays.ts";
import type { Deps } from "./deps.ts";

/** The body of POST /v1/charges/{id}/refunds. */
export const refundShape = z.strictObject({ amount: amountShape.optional(), metadata: metadataShape });

/** Gives money back; answers the refund and its currency. Throws not_found, charge_not_refundable, refund_exceeds_charge. */
export async function refundStored(
  tx: Tx,
  deps: Deps,
  chargeId: string,
  wish: z.infer<typeof refundShape>,
): Promise<{ readonly refund: Refund; readonly currency: string }> {
  const at = deps.now();
  const id = `re_${deps.newId().replaceAll("-", "")}`;
  const amount = wish.amount === undefined ? undefined : BigInt(wish.amount);
  const change = refundCharge(await lockCharge(tx, chargeId), { id, amount, metadata: wish.metadata }, at);
  saveCharge(tx, change.charge);
  insertRefund(tx, change.refund);
  if (change.event !== undefined) announce(tx, deps, change.event, change.charge, { refund: change.refund });
  if (change.refund.status === "pending")
    addStep(tx, {
      runner: delayRunner,
      key: chargeId,
      name: "end-refund",
      payload: { refund: id },
      at: at.add(deps.refundDelay),
    });
  return { refund: change.refund, currency: change.charge.currency };
}
