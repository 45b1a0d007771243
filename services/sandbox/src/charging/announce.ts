import { addSteps } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import type { Charge } from "../domain/charge.ts";
import type { Refund } from "../domain/refund.ts";
import { insertEvent } from "../store/webhook-events.ts";
import { webhookRunner } from "../webhooks/webhook-runner.ts";
import type { Deps } from "./deps.ts";
import { chargeToJson, refundToJson } from "./to-json.ts";

/** Stores an event for the merchant, to be sent as soon as this commits, or as the fault plan has it. */
export function announce(
  tx: Tx,
  deps: Deps,
  type: string,
  charge: Charge,
  { refund, loseFirst = false }: { readonly refund?: Refund; readonly loseFirst?: boolean } = {},
): void {
  if (charge.webhookUrl === undefined) return;
  const id = `evt_${deps.newId().replaceAll("-", "")}`;
  const at = deps.now();
  const object = refund === undefined ? chargeToJson(charge, deps.publicUrl()) : refundToJson(refund, charge.currency);
  const data = refund === undefined ? { object } : { object, charge: chargeToJson(charge, deps.publicUrl()) };
  const body = JSON.stringify({ object: "event", id, type, create_time: at.toString(), data });
  insertEvent(tx, { id, chargeId: charge.id, type, url: charge.webhookUrl, body, createTime: at });
  const plan = deps.faults.delivery();
  addSteps(
    tx,
    plan.delaysMs.map((delayMs) => ({
      runner: webhookRunner,
      key: charge.id,
      name: "send",
      payload: { event: id, loseFirst: loseFirst || plan.loseFirst },
      ...(delayMs > 0 ? { at: at.add({ milliseconds: delayMs }) } : {}),
    })),
  );
}
