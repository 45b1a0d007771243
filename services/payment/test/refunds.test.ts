import { fromBinary } from "@bufbuild/protobuf";
import { RefundFailedSchema } from "@dawr/gen/dawr/payment/v1/events_pb.js";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { expectBalanced, paid, refusal, started } from "./doings.ts";
import { startPayment, type TestPayment } from "./start-payment.ts";

let service: TestPayment;

beforeAll(async () => {
  service = await startPayment();
});

afterAll(async () => {
  await service?.stop();
});

beforeEach(() => {
  service.gateway.forget();
});

describe("RefundPayment (PY-07)", () => {
  const jod = (amountMinor: bigint) => ({ currencyCode: "JOD", amountMinor });
  const refundsDone = (name: string, count: number) =>
    eventually(async () => {
      const { refunds } = await service.payments.getPayment({ name });
      expect(refunds.filter((refund) => refund.state === 2 || refund.state === 3)).toHaveLength(count);
      return refunds;
    });

  test("given a paid payment, when refunded in full, then the gateway has given it back and the ledger shows it", async () => {
    const { name, charge } = await paid(service);
    await service.payments.refundPayment({ name, reason: "cancelled", requestId: crypto.randomUUID() });
    await refundsDone(name, 1);
    expect(charge.amountRefunded).toBe(36_800);
    const payment = await service.payments.getPayment({ name });
    expect(payment.refunded).toMatchObject({ amountMinor: 36_800n });
    expect(await service.events(name)).toEqual(["PaymentSucceeded", "RefundSucceeded"]);
    await expectBalanced(service);
  });

  test("given 20 callers at once, when each wants a part, then never more than was paid goes back", async () => {
    const { name, charge } = await paid(service);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        refusal(service.payments.refundPayment({ name, amount: jod(10_000n), requestId: crypto.randomUUID() })),
      ),
    );
    expect(answers.filter((answer) => answer === "none")).toHaveLength(3);
    expect(answers.filter((answer) => answer === "REFUND_EXCEEDS_PAYMENT")).toHaveLength(17);
    await refundsDone(name, 3);
    expect(charge.amountRefunded).toBe(30_000);
    await expectBalanced(service);
  });

  test("given one request sent 10 times at once, when refunded, then it is one refund", async () => {
    const { name, charge } = await paid(service);
    const request = { name, amount: jod(1_000n), requestId: crypto.randomUUID() };
    await Promise.all(Array.from({ length: 10 }, () => service.payments.refundPayment(request)));
    await refundsDone(name, 1);
    expect(charge.amountRefunded).toBe(1_000);
  });

  test.each(["lose-answer", "fail", "hang", "garbage"] as const)(
    "given a gateway that does %s, when refunded, then it is asked for and given back once",
    async (fault) => {
      const { name, charge } = await paid(service);
      service.gateway.faults.refund = [fault];
      service.gateway.faults["find-refund"] = ["fail"];
      await service.payments.refundPayment({ name, requestId: crypto.randomUUID() });
      await eventually(
        async () => expect((await service.payments.getPayment({ name })).refunded?.amountMinor).toBe(36_800n),
        {
          timeoutMs: 10_000,
        },
      );
      expect(charge.amountRefunded).toBe(36_800);
      expect(service.gateway.refunds.filter((refund) => refund.charge === charge.id)).toHaveLength(1);
      await expectBalanced(service);
    },
  );

  test("given a gateway whose refund fails, when refunded, then that is told and the amount may be refunded anew", async () => {
    const { name, charge } = await paid(service);
    service.gateway.refundStatus = "failed";
    await service.payments.refundPayment({ name, requestId: crypto.randomUUID() });
    const [failed] = await refundsDone(name, 1);
    expect(failed?.failureCode).toBe("no_funds");
    await expectBalanced(service);
    service.gateway.refundStatus = "succeeded";
    await service.payments.refundPayment({ name, requestId: crypto.randomUUID() });
    await refundsDone(name, 2);
    expect(charge.amountRefunded).toBe(36_800);
    expect(await service.events(name)).toEqual(["PaymentSucceeded", "RefundFailed", "RefundSucceeded"]);
    await expectBalanced(service);
  });

  test("given two refunds, when one fails while the other is under way, then the event tells what went back and what may still", async () => {
    const { name } = await paid(service);
    const ask = (amountMinor: bigint) =>
      service.payments.refundPayment({ name, amount: jod(amountMinor), requestId: crypto.randomUUID() });
    await ask(800n);
    await refundsDone(name, 1);
    service.gateway.refundStatus = "pending";
    await ask(10_000n);
    await eventually(() => expect(service.gateway.refunds.at(-1)).toMatchObject({ status: "pending", amount: 10_000 }));
    service.gateway.refundStatus = "failed";
    expect((await ask(26_000n)).refunding).toMatchObject(jod(36_000n));
    const [failed] = await eventually(async () => {
      const rows = await service.query<{ data: Uint8Array }>(
        "select data from outbox where subject = $1 and type = $2",
        [name, RefundFailedSchema.typeName],
      );
      expect(rows).toHaveLength(1);
      return rows;
    });
    expect(fromBinary(RefundFailedSchema, failed?.data ?? new Uint8Array())).toMatchObject({
      payment: { name, refunded: jod(800n), refunding: jod(10_000n) },
      refund: { amount: jod(26_000n), failureCode: "no_funds" },
    });
    await expectBalanced(service);
  });

  test("given a refund that takes a while, when its end is told twice, then it ends once", async () => {
    const { name } = await paid(service);
    service.gateway.refundStatus = "pending";
    await service.payments.refundPayment({ name, requestId: crypto.randomUUID() });
    const refund = await eventually(() => {
      const last = service.gateway.refunds.at(-1);
      if (last?.status !== "pending") throw new Error("not sent yet");
      return last;
    });
    refund.status = "succeeded";
    const told = service.gateway.webhook("refund.succeeded", service.gateway.refundJson(refund));
    await Promise.all([service.ingest(told), service.ingest(told)]);
    expect(await service.events(name)).toEqual(["PaymentSucceeded", "RefundSucceeded"]);
    await expectBalanced(service);
  });

  test("given an unpaid payment, when refunded, then it is refused", async () => {
    const { name } = await started(service);
    expect(await refusal(service.payments.refundPayment({ name, requestId: crypto.randomUUID() }))).toBe(
      "PAYMENT_STATE_WRONG",
    );
  });
});
