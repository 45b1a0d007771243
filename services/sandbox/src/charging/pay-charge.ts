import { addStep } from "@dawr/runtime";
import type { Tx } from "@dawr/store";
import { type Card, challengeCode } from "../domain/cards.ts";
import {
  answerChallenge,
  type Charge,
  type ChargeChange,
  cancelCharge,
  captureCharge,
  useCard,
} from "../domain/charge.ts";
import { lockCharge, saveCharge } from "../store/charges.ts";
import { announce } from "./announce.ts";
import { delayRunner } from "./delays.ts";
import type { Deps } from "./deps.ts";

/** Uses a card on a charge. Throws not_found, charge_not_payable. */
export function payCharge(deps: Deps, id: string, card: Card): Promise<Charge> {
  return deps.store.transaction(async (tx) => {
    const at = deps.now();
    const change = useCard(await lockCharge(tx, id), card, at);
    const charge = storeChange(tx, deps, change, card.behaviour === "lost-response");
    if (charge.status === "processing") {
      const end = at.add({ seconds: card.delaySeconds });
      addStep(tx, { runner: delayRunner, key: id, name: "end-delay", payload: { charge: id }, at: end });
    }
    return charge;
  });
}

/** Takes the code of a 3-D Secure challenge. Throws not_found, charge_not_payable. */
export function passChallenge(deps: Deps, id: string, code: string): Promise<Charge> {
  return deps.store.transaction(async (tx) =>
    storeChange(tx, deps, answerChallenge(await lockCharge(tx, id), code.trim() === challengeCode, deps.now())),
  );
}

/** Takes the money of an authorised charge. Throws not_found, charge_not_capturable. */
export async function captureStored(tx: Tx, deps: Deps, id: string): Promise<Charge> {
  return storeChange(tx, deps, captureCharge(await lockCharge(tx, id), deps.now()));
}

/** Cancels a charge that took no money. Throws not_found, charge_not_cancelable. */
export async function cancelStored(tx: Tx, deps: Deps, id: string): Promise<Charge> {
  return storeChange(tx, deps, cancelCharge(await lockCharge(tx, id), deps.now()));
}

/** Stores what became of a charge and tells the merchant. */
function storeChange(tx: Tx, deps: Deps, change: ChargeChange, loseFirst = false): Charge {
  if (change.event === undefined) return change.charge;
  saveCharge(tx, change.charge);
  announce(tx, deps, change.event, change.charge, { loseFirst });
  return change.charge;
}
