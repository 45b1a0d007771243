import { Payment_State } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sandboxGateway } from "../src/gateways/sandbox/sandbox-gateway.ts";
import { compareBooks } from "../src/settling/compare-books.ts";
import { apiKey, type FakeCharge, webhookSecret } from "./fake-gateway.ts";
import { operator, startPayment, type TestPayment, wish } from "./start-payment.ts";

let service: TestPayment;

beforeAll(async () => {
  service = await startPayment();
});

afterAll(async () => {
  await service?.stop();
});

/** Compares as if it were an hour later, when everything of now is old enough to be compared. */
function compare() {
  const { store, host } = service.running.service("payment");
  const gateway = sandboxGateway({
    url: service.gateway.url,
    apiKey,
    webhookSecret,
    webhookUrl: "http://none/",
    timeoutMs: 500,
  });
  const duration = (minutes: number) => Temporal.Duration.from({ minutes });
  const deps = {
    store,
    gateways: new Map([[gateway.name, gateway]]),
    now: () => Temporal.Now.instant().add({ hours: 1 }),
    newId: host.newId,
    log: host.log,
    rules: {
      pendingAfter: duration(1),
      unknownAfter: duration(1),
      atMost: duration(1),
      overdueAfter: duration(1),
      resendFor: duration(1),
    },
  };
  return compareBooks(deps, gateway);
}

async function started(): Promise<{ name: string; charge: FakeCharge }> {
  const { name } = await service.payments.createPayment(wish());
  const charge = service.gateway.charges.at(-1);
  if (charge === undefined) throw new Error("no charge was made");
  return { name, charge };
}

const tell = (charge: FakeCharge) =>
  service.ingest(service.gateway.webhook("charge.succeeded", service.gateway.chargeJson(charge)));

test("given books that agree but for what was never told, when compared, then that is settled and nothing is found", async () => {
  await started();
  const told = await started();
  service.gateway.pay(told.charge);
  await tell(told.charge);
  const untold = await started();
  service.gateway.pay(untold.charge);
  expect(await compare()).toEqual([]);
  expect((await service.payments.getPayment({ name: untold.name })).state).toBe(Payment_State.SUCCEEDED);
  expect((await service.as(operator).ledger.verifyLedger({})).problems).toEqual([]);
  expect(await compare()).toEqual([]);
});

test("given books that differ in every way, when compared twice, then each difference is found and kept once", async () => {
  const { charges } = service.gateway;
  const amount = await started();
  service.gateway.pay(amount.charge, 36_799);
  const gone = await started();
  service.gateway.pay(gone.charge);
  await tell(gone.charge);
  const refunded = await started();
  service.gateway.pay(refunded.charge);
  await tell(refunded.charge);
  refunded.charge.amountRefunded = 500;
  const reversed = await started();
  service.gateway.pay(reversed.charge);
  await tell(reversed.charge);
  reversed.charge.status = "failed";
  charges.splice(charges.indexOf(gone.charge), 1);
  const stranger: FakeCharge = { ...amount.charge, id: "ch_stranger", metadata: {} };
  charges.push(stranger);

  const kinds = (await compare()).map(({ kind, reference }) => `${kind} ${reference}`).toSorted();
  expect(kinds).toEqual(
    [
      `AMOUNT_DIFFERS ${amount.charge.id}`,
      `STATE_DIFFERS ${amount.charge.id}`,
      `CHARGE_UNKNOWN_THERE ${gone.charge.id}`,
      `REFUND_DIFFERS ${refunded.charge.id}`,
      `STATE_DIFFERS ${reversed.charge.id}`,
      "CHARGE_UNKNOWN_HERE ch_stranger",
    ].toSorted(),
  );
  await compare();
  expect(await service.query("select kind from reconciliation_finding")).toHaveLength(6);
  // What is found is for people: no state was changed by it.
  await eventually(async () => {
    expect((await service.payments.getPayment({ name: reversed.name })).state).toBe(Payment_State.SUCCEEDED);
  });
});
