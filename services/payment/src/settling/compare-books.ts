import type { Job } from "@dawr/runtime";
import type { Charge } from "../domain/charge.ts";
import { sameMoney } from "../domain/money.ts";
import type { Payment } from "../domain/payment.ts";
import type { Gateway } from "../gateways/gateway.ts";
import { comparedUntil, type Finding, markCompared, paidPayments, recordFinding } from "../store/findings.ts";
import { lockPaymentOfCharge } from "../store/payments.ts";
import type { Deps } from "./deps.ts";
import { applyCharge } from "./store-change.ts";

/** Younger charges may still be on their way to us. */
const margin = Temporal.Duration.from({ minutes: 30 });
/** Compared again each time: what was late the last time. */
const overlap = Temporal.Duration.from({ hours: 24 });
const firstWindow = Temporal.Duration.from({ hours: 24 * 7 });
const nobody = "00000000-0000-0000-0000-000000000000";

/** Compares each gateway's own list with our books, settles what we missed, and records what differs. (PY-06) */
export function compareJob(deps: Deps): Job {
  return {
    name: "compare-books",
    schedule: "7 * * * *",
    async run() {
      for (const gateway of deps.gateways.values()) await compareBooks(deps, gateway);
    },
  };
}

/** Compares one gateway's list since the last time; answers what differs. */
export async function compareBooks(deps: Deps, gateway: Gateway): Promise<readonly Finding[]> {
  const before = deps.now().subtract(margin);
  const mark = await deps.store.read((tx) => comparedUntil(tx, gateway.name));
  const from = mark === undefined ? before.subtract(firstWindow) : mark.subtract(overlap);
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for await (const charge of gateway.listCharges({ from, before })) {
    seen.add(charge.gatewayId);
    findings.push(...(await compareCharge(deps, gateway.name, charge)));
  }
  for (let after = nobody; ; ) {
    const ours = await deps.store.read((tx) =>
      paidPayments(tx, { gateway: gateway.name, from, before, after, limit: 500 }),
    );
    for (const payment of ours) findings.push(...(await missingThere(gateway, payment, seen)));
    const last = ours.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  await deps.store.transaction(async (tx) => {
    for (const finding of findings)
      if (await recordFinding(tx, gateway.name, finding, deps.now()))
        deps.log.error({ gateway: gateway.name, ...finding }, "the books differ from the gateway's");
    await markCompared(tx, gateway.name, before);
  });
  return findings;
}

async function compareCharge(deps: Deps, gateway: string, charge: Charge): Promise<readonly Finding[]> {
  return deps.store.transaction(async (tx) => {
    const found = await lockPaymentOfCharge(tx, gateway, charge);
    const theirs = `${charge.status} ${charge.amount.amountMinor} ${charge.amount.currencyCode}`;
    const isOther = found?.gatewayId !== undefined && found.gatewayId !== charge.gatewayId;
    if (found === undefined || isOther)
      return [{ kind: "CHARGE_UNKNOWN_HERE", reference: charge.gatewayId, paymentId: found?.id, ours: "none", theirs }];
    // A success that we never heard of is applied as if its webhook had come.
    const payment = await applyCharge(tx, deps, found, charge);
    return differences(payment, charge, theirs);
  });
}

function differences(payment: Payment, charge: Charge, theirs: string): readonly Finding[] {
  const about = { reference: charge.gatewayId, paymentId: payment.id, theirs };
  const ours = `${payment.state} ${payment.amount.amountMinor} ${payment.amount.currencyCode}`;
  const findings: Finding[] = [];
  if (!sameMoney(payment.amount, charge.amount)) findings.push({ ...about, kind: "AMOUNT_DIFFERS", ours });
  if ((payment.state === "SUCCEEDED") !== (charge.status === "succeeded"))
    findings.push({ ...about, kind: "STATE_DIFFERS", ours });
  const isRefunding = payment.refundReservedMinor !== payment.refundedMinor;
  if (!isRefunding && payment.refundedMinor !== charge.refundedMinor)
    findings.push({
      ...about,
      kind: "REFUND_DIFFERS",
      ours: String(payment.refundedMinor),
      theirs: String(charge.refundedMinor),
    });
  return findings;
}

async function missingThere(
  gateway: Gateway,
  payment: Payment,
  seen: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  if (payment.gatewayId !== undefined && seen.has(payment.gatewayId)) return [];
  // The two clocks may put it into different windows: asked for by name before it is called missing.
  if ((await gateway.findCharge(payment)) !== undefined) return [];
  return [
    {
      kind: "CHARGE_UNKNOWN_THERE",
      reference: payment.gatewayId ?? payment.id,
      paymentId: payment.id,
      ours: `${payment.state} ${payment.amount.amountMinor} ${payment.amount.currencyCode}`,
      theirs: "none",
    },
  ];
}
