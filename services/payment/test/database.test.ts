import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { paid } from "./doings.ts";
import { providerId, startPayment, type TestPayment } from "./start-payment.ts";

let service: TestPayment;

beforeAll(async () => {
  service = await startPayment();
});

afterAll(async () => {
  await service?.stop();
});

describe("the database itself (PY-05)", () => {
  const insert = (entries: string) => `
    with made as (
      insert into ledger_transfer (provider_id, id, kind, reference_id, create_time)
      values ('${providerId}', gen_random_uuid(), 'CAPTURE', gen_random_uuid(), now()) returning provider_id, id)
    insert into ledger_entry (provider_id, transfer_id, line, account, currency_code, amount_minor)
    select provider_id, id, e.line, 'a' || e.line, e.currency, e.minor from made, (values ${entries}) as e (line, currency, minor)`;

  test.each([
    ["lines that do not cancel out", "(1, 'JOD', 5), (2, 'JOD', -4)"],
    ["lines that cancel out over two currencies", "(1, 'JOD', 5), (2, 'AED', -5)"],
    ["a single line", "(1, 'JOD', 5)"],
  ])("given %s, when committed, then the database refuses", async (_name, entries) => {
    await expect(service.query(insert(entries))).rejects.toThrow(/ledger_balance|does not balance/);
  });

  test("given a transfer without lines, when committed, then the database refuses", async () => {
    const act = service.query(
      "insert into ledger_transfer values ($1, gen_random_uuid(), 'CAPTURE', gen_random_uuid(), now())",
      [providerId],
    );
    await expect(act).rejects.toThrow();
  });

  test("given a balanced transfer, when a line is added later, changed or deleted, then the database refuses", async () => {
    await service.query(insert("(1, 'JOD', 5), (2, 'JOD', -5)"));
    const [row] = await service.query<{ transfer_id: string }>(
      "select transfer_id from ledger_entry where account = 'a1' limit 1",
    );
    const acts = [
      `insert into ledger_entry values ('${providerId}', '${row?.transfer_id}', 3, 'a', 'JOD', 1)`,
      "update ledger_entry set amount_minor = 1",
      "delete from ledger_entry",
      "update ledger_transfer set kind = 'X'",
      "delete from ledger_transfer",
      "truncate ledger_entry",
      "update gateway_event set outcome = 'APPLIED'",
    ];
    for (const sql of acts) await expect(service.query(sql)).rejects.toThrow();
  });

  test("given a payment, when more would be refunded than was paid, then the database refuses whatever the code does", async () => {
    const { name } = await paid(service);
    await expect(
      service.query("update payment set refund_reserved_minor = amount_minor + 1 where id = $1", [name.slice(9)]),
    ).rejects.toThrow();
  });
});
