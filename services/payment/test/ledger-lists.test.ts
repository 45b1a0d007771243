import type { Tx } from "@dawr/store";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { listTransfers, type TransferFilter } from "../src/store/ledger.ts";
import { refusal } from "./doings.ts";
import { operator, startPayment, type TestPayment } from "./start-payment.ts";

/**
 * 30,000 captures of 100 providers in two currencies, every tenth refunded, of four lines each. The quiet account has two
 * lines in each of the first seven.
 */
let service: TestPayment;
const busy = "provider-00000000-0000-7000-8000-000000000007";
const captures = 30_000;

const providerOf = "('00000000-0000-7000-8000-' || lpad(to_hex(n % 100), 12, '0'))::uuid";
const idOf = (kind: string) =>
  `(lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8' || '${kind}' || lpad(to_hex(n), 14, '0'))::uuid`;
const [payment, capture, refund, refunded] = ["0", "1", "2", "3"].map(idOf);

beforeAll(async () => {
  service = await startPayment();
  const owner = new pg.Client(service.ownerUrl);
  await owner.connect();
  const tables = ["ledger_transfer", "ledger_entry"];
  await owner.query("set search_path = payment, extensions");
  // Checking each of them would take longer than all the rest; that they are checked is tested elsewhere.
  for (const table of tables) await owner.query(`alter table ${table} disable trigger user`);
  await owner.query(`
    insert into payment (provider_id, id, subject, customer_id, currency_code, amount_minor, service_minor, tax_minor, fee_minor,
      gateway, operation_id, return_url, locale, description, pay_expire_time, state, version, create_time, update_time)
    select ${providerOf}, ${payment}, 'bookings/' || n, ${payment}, 'JOD', 10, 5, 5, 0, 'sandbox', ${payment}, '', 'en', '', now(),
      'PENDING', 1, now(), now() from generate_series(1, ${captures}) n;
    insert into refund (provider_id, id, payment_id, currency_code, amount_minor, service_minor, tax_minor, fee_minor,
      operation_id, state, cause, requested_by, version, create_time, update_time)
    select ${providerOf}, ${refund}, ${payment}, 'JOD', 10, 5, 5, 0, ${refund}, 'REQUESTED', '', '', 1, now(), now()
    from generate_series(10, ${captures}, 10) n;
    insert into ledger_transfer (provider_id, id, kind, reference_id, create_time)
    select ${providerOf}, ${capture}, 'CAPTURE', ${payment}, now() from generate_series(1, ${captures}) n
    union all
    select ${providerOf}, ${refunded}, 'REFUND_REQUESTED', ${refund}, now() from generate_series(10, ${captures}, 10) n;
    insert into ledger_entry (provider_id, transfer_id, line, account, currency_code, amount_minor)
    select provider_id, t.id, line,
      case line when 1 then 'gateway-sandbox' when 2 then 'tax' else case when n <= 7 then 'provider-quiet'
        else 'provider-' || provider_id end end,
      (array['JOD', 'AED'])[1 + n % 2], case line when 1 then 10 when 2 then -4 else -3 end
    from (select ${providerOf} as provider_id, ${capture} as id, n from generate_series(1, ${captures}) n
          union all select ${providerOf}, ${refunded}, n from generate_series(10, ${captures}, 10) n) t,
      generate_series(1, 4) line`);
  for (const table of tables) await owner.query(`alter table ${table} enable trigger user`);
  await owner.query("analyze payment, refund, ledger_transfer, ledger_entry");
  await owner.end();
}, 60_000);

afterAll(async () => {
  await service?.stop();
});

/** The plans of what a list reads, run with its own parameters and as a prepared statement for any. */
async function plansOf(filter: TransferFilter): Promise<readonly string[]> {
  const plans: string[] = [];
  await service.transaction(async (tx) => {
    const query: Tx["query"] = async (sql, params) => {
      for (const mode of ["force_custom_plan", "force_generic_plan"]) {
        await tx.query(`set local plan_cache_mode = ${mode}`);
        plans.push(JSON.stringify(await tx.query(`explain (analyze, format json) ${sql}`, params), undefined, 1));
      }
      return await tx.query(sql, params);
    };
    await listTransfers(Object.create(tx, { query: { value: query } }), filter);
  });
  return plans;
}

describe("given 30,000 payments, when transfers are listed, then no more is read than is answered", () => {
  const id = "018bcfe5-680a-7000-8000-00000000000a";
  const all: TransferFilter = { account: undefined, paymentId: undefined, before: undefined, limit: 51 };
  const before = "018bcfe5-7d00-7000-8000-000000000000";
  const rows: readonly (readonly [string, Partial<TransferFilter>])[] = [
    ["all", {}],
    ["a later page of all", { before }],
    ["of a quiet account", { account: "provider-quiet" }],
    ["of an account without any", { account: "provider-none" }],
    ["of a busy account", { account: busy }],
    ["a later page of a busy account", { account: busy, before }],
    ["of an account that is in all", { account: "tax" }],
    ["a later page of an account that is in all", { account: "tax", before }],
    ["of a payment", { paymentId: id }],
    ["of a payment and an account", { paymentId: id, account: "tax" }],
  ];
  test.each(rows)("%s", async (_, filter) => {
    const plans = await plansOf({ ...all, ...filter });
    expect(plans).toHaveLength(2);
    for (const plan of plans) {
      expect(plan).not.toContain('"Seq Scan"');
      expect(plan).not.toMatch(/"Rows Removed by [A-Za-z ]*": [1-9]/);
      // The lines of a page of transfers, and nothing near the size of the ledger.
      for (const [, count] of plan.matchAll(/"Actual Rows": (\d+)/g)) expect(Number(count)).toBeLessThanOrEqual(204);
    }
  });
});

describe("ListTransfers, page by page", () => {
  const pages = async (query: { readonly ledgerAccount?: string; readonly payment?: string }, pageSize: number) => {
    const { ledger } = service.as(operator);
    const found: (readonly string[])[] = [];
    for (let pageToken = ""; ; ) {
      const page = await ledger.listTransfers({ ...query, pageSize, pageToken });
      found.push(page.transfers.map(({ name }) => name));
      if (page.nextPageToken === "") return found;
      pageToken = page.nextPageToken;
    }
  };
  const numbersOf = (found: readonly (readonly string[])[]) =>
    found.map((page) => page.map((name) => Number.parseInt(name.slice(-12), 16)));

  test("given a quiet account in two currencies, with two lines in each, then each transfer once, the latest first", async () => {
    const account = "ledgerAccounts/provider-quiet";
    expect(numbersOf(await pages({ ledgerAccount: account }, 3))).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
    const { transfers } = await service.as(operator).ledger.listTransfers({ ledgerAccount: account, pageSize: 1 });
    // Whole transfers, the lines of other accounts included.
    expect(transfers.map(({ entries }) => entries.map(({ amount }) => amount?.amountMinor))).toEqual([
      [10n, -4n, -3n, -3n],
    ]);
  });

  test("given a payment that was refunded, then its transfers, of an account only those that touch it", async () => {
    const query = { payment: "payments/018bcfe5-680a-7000-8000-00000000000a" };
    const [[first, second] = []] = await pages(query, 5);
    expect(await pages(query, 1)).toEqual([[first], [second]]);
    expect(numbersOf([[first ?? "", second ?? ""]])).toEqual([[10, 10]]);
    expect(await pages({ ...query, ledgerAccount: "ledgerAccounts/tax" }, 1)).toEqual([[first], [second]]);
    expect(await pages({ ...query, ledgerAccount: "ledgerAccounts/provider-quiet" }, 1)).toEqual([[]]);
    const { transfers } = await service.as(operator).ledger.listTransfers(query);
    expect(transfers.map((transfer) => transfer.refund !== "")).toEqual([true, false]);
    expect(transfers.map((transfer) => transfer.payment)).toEqual([query.payment, query.payment]);
  });

  test("given a busy account, then all of its transfers, each once", async () => {
    const found = (await pages({ ledgerAccount: `ledgerAccounts/${busy}` }, 100)).flat();
    // The seventh itself is the quiet account's.
    expect(found).toHaveLength(captures / 100 - 1);
    expect(found).toEqual([...new Set(found)].toSorted().toReversed());
  });

  test("given the token of another account, or a changed one, then it is refused", async () => {
    const { ledger } = service.as(operator);
    const { nextPageToken: pageToken } = await ledger.listTransfers({
      ledgerAccount: "ledgerAccounts/tax",
      pageSize: 1,
    });
    const other = { ledgerAccount: "ledgerAccounts/provider-quiet", pageSize: 1 };
    expect(await refusal(ledger.listTransfers({ ...other, pageToken }))).toBe("PAGE_TOKEN_INVALID");
    expect(await refusal(ledger.listTransfers({ ...other, pageToken: `${pageToken}x` }))).toBe("PAGE_TOKEN_INVALID");
  });
});
