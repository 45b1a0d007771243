import { IngestWebhookResponse_Outcome as Outcome, type Payment_State } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { reasonOf } from "@dawr/rpc";
import { expect } from "@jest/globals";
import type { FakeCharge } from "./fake-gateway.ts";
import { operator, type TestPayment, wish } from "./start-payment.ts";

/** Why a call was refused; "none" when it was not. */
export async function refusal(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return "none";
  } catch (error) {
    return reasonOf(error)?.reason ?? String(error);
  }
}

/** A payment, and its charge at the gateway. */
export type Started = { readonly name: string; readonly charge: FakeCharge };

/** A payment whose customer has not paid. */
export async function started(service: TestPayment): Promise<Started> {
  const { name } = await service.payments.createPayment(wish());
  return { name, charge: await chargeOf(service, name) };
}

/** A payment whose customer has paid, and whose gateway has told. */
export async function paid(service: TestPayment): Promise<Started> {
  const { name, charge } = await started(service);
  service.gateway.pay(charge);
  const webhook = service.gateway.webhook("charge.succeeded", service.gateway.chargeJson(charge));
  expect((await service.ingest(webhook)).outcome).toBe(Outcome.APPLIED);
  return { name, charge };
}

/** The gateway's charge of a payment. */
export async function chargeOf(service: TestPayment, name: string): Promise<FakeCharge> {
  const [row] = await service.query<{ operation_id: string }>("select operation_id from payment where id = $1", [
    name.slice("payments/".length),
  ]);
  return service.gateway.chargeOf(row?.operation_id ?? "");
}

/** How a payment stands. */
export async function stateOf(service: TestPayment, name: string): Promise<Payment_State> {
  return (await service.payments.getPayment({ name })).state;
}

/** Fails unless the whole ledger is in order. */
export async function expectBalanced(service: TestPayment): Promise<void> {
  const { balanced, problems } = await service.as(operator).ledger.verifyLedger({});
  expect([balanced, problems]).toEqual([true, []]);
}
