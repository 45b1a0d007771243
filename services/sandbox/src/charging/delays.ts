import { type StepRunner, stepRunner } from "@dawr/runtime";
import { z } from "zod";
import { endDelay } from "../domain/charge.ts";
import { endRefund } from "../domain/refund.ts";
import { lockCharge, saveCharge } from "../store/charges.ts";
import { getRefund, saveRefund } from "../store/refunds.ts";
import { announce } from "./announce.ts";
import type { Deps } from "./deps.ts";

/** The runner of what ends by itself after a while. */
export const delayRunner = "sandbox.delays";

const payload = z.union([z.object({ charge: z.string() }), z.object({ refund: z.string() })]);

/** Ends charges and refunds that take a while. */
export function delaySteps(deps: Deps): StepRunner {
  return stepRunner({
    name: delayRunner,
    run: (step) =>
      deps.store.transaction(async (tx) => {
        const about = payload.parse(step.payload);
        if ("charge" in about) {
          const change = endDelay(await lockCharge(tx, about.charge), deps.now());
          if (change?.event !== undefined) {
            saveCharge(tx, change.charge);
            announce(tx, deps, change.event, change.charge);
          }
        } else {
          // The charge is locked first, as everywhere, so that two changes of it cannot deadlock.
          const charge = await lockCharge(tx, (await getRefund(tx, about.refund)).chargeId);
          const refund = endRefund(await getRefund(tx, about.refund), deps.now());
          if (refund !== undefined) {
            saveRefund(tx, refund);
            announce(tx, deps, "refund.succeeded", charge, { refund });
          }
        }
        step.done(tx);
      }),
  });
}
