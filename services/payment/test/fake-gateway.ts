import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const apiKey = "payment-tests-api-key";
export const webhookSecret = "payment-tests-secret";

/** What the gateway does with the next calls of a kind: the call may be done or not, and answered or not. */
type Fault = "lose-answer" | "fail" | "hang" | "refuse" | "garbage";

/** A charge as the fake keeps it. */
export type FakeCharge = {
  id: string;
  key: string;
  status: string;
  amount: number;
  amountCaptured: number;
  amountRefunded: number;
  currency: string;
  metadata: Record<string, string>;
  failureCode: string | null;
  createTime: string;
};

type FakeRefund = {
  id: string;
  key: string;
  charge: string;
  status: string;
  amount: number;
  metadata: Record<string, string>;
};

/** What a webhook carries. */
export type SentWebhook = { readonly body: Uint8Array; readonly headers: Record<string, string> };

/** The outside: a gateway in the sandbox's dialect that does what a test tells it. */
export type FakeGateway = {
  readonly url: string;
  readonly charges: FakeCharge[];
  readonly refunds: FakeRefund[];
  /** Calls by "create", "find", "cancel", "refund", "find-refund", "list". */
  readonly calls: Record<string, number>;
  /** Faults of the next calls of a kind, in order. */
  readonly faults: Record<string, Fault[]>;
  /** How refunds end. */
  refundStatus: string;
  /** Told of each call once it was done, before its answer is sent. */
  onCall: ((kind: string) => void) | undefined;
  /** Forgets faults and counts, not what was made. */
  forget(): void;
  chargeOf(operation: string): FakeCharge;
  /** The customer pays: all of it, or what a test says. */
  pay(charge: FakeCharge, amount?: number): void;
  /** A signed webhook about a charge as it is now, or about any object. */
  webhook(
    type: string,
    object: unknown,
    options?: { id?: string; at?: Temporal.Instant; secret?: string },
  ): SentWebhook;
  chargeJson(charge: FakeCharge): Record<string, unknown>;
  refundJson(refund: FakeRefund): Record<string, unknown>;
  close(): Promise<void>;
};

/** Listens on a port of its own. */
export async function startFakeGateway(): Promise<FakeGateway> {
  const charges: FakeCharge[] = [];
  const refunds: FakeRefund[] = [];
  const calls: Record<string, number> = {};
  const faults: Record<string, Fault[]> = {};
  const hanging = new Set<ServerResponse>();
  let count = 0;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => handle(request, response, Buffer.concat(chunks).toString()));
  });

  function handle(request: IncomingMessage, response: ServerResponse, text: string): void {
    const url = new URL(request.url ?? "/", "http://gateway");
    const { kind, act } = route(request, url, text === "" ? {} : JSON.parse(text));
    calls[kind] = (calls[kind] ?? 0) + 1;
    const fault = faults[kind]?.shift();
    if (fault === "hang") {
      hanging.add(response);
      return;
    }
    if (fault === "fail") {
      reply(response, 500, {});
      return;
    }
    if (fault === "refuse") {
      reply(response, 400, { error: { code: "invalid_request" } });
      return;
    }
    const [status, body] = request.headers.authorization === `Bearer ${apiKey}` ? act() : [401, {}];
    gateway.onCall?.(kind);
    if (fault === "lose-answer") response.destroy();
    else if (fault === "garbage") response.writeHead(200).end("<html>");
    else reply(response, status, body);
  }

  type Answer = [number, unknown];
  function route(
    request: IncomingMessage,
    url: URL,
    body: Record<string, unknown>,
  ): { kind: string; act: () => Answer } {
    const key = String(request.headers["idempotency-key"] ?? "");
    const [, , collection, id, verb] = url.pathname.split("/");
    const operation = url.searchParams.get("metadata[operation_id]");
    if (collection === "refunds") {
      const found = refunds.filter((refund) => refund.metadata.operation_id === operation);
      return { kind: "find-refund", act: () => [200, { data: found.map(refundJson), has_more: false }] };
    }
    if (request.method === "POST" && id === undefined) return { kind: "create", act: () => create(key, body) };
    if (verb === "cancel") return { kind: "cancel", act: () => cancel(id ?? "") };
    if (verb === "refunds") return { kind: "refund", act: () => refund(id ?? "", key, body) };
    if (id !== undefined) return { kind: "find", act: () => one(id) };
    if (operation !== null) {
      const found = charges.filter((charge) => charge.metadata.operation_id === operation);
      return { kind: "find", act: () => [200, { data: found.map(chargeJson), has_more: false }] };
    }
    return { kind: "list", act: () => [200, { data: charges.map(chargeJson), has_more: false }] };
  }

  function create(key: string, body: Record<string, unknown>): Answer {
    const known = charges.find((charge) => charge.key === key);
    if (known !== undefined) return [201, chargeJson(known)];
    const charge: FakeCharge = {
      id: `ch_${++count}`,
      key,
      status: "pending",
      amount: Number(body.amount),
      amountCaptured: 0,
      amountRefunded: 0,
      currency: String(body.currency),
      metadata: { operation_id: String((body.metadata as Record<string, string>).operation_id) },
      failureCode: null,
      createTime: Temporal.Now.instant().toString(),
    };
    charges.push(charge);
    return [201, chargeJson(charge)];
  }

  function one(id: string): Answer {
    const charge = charges.find((each) => each.id === id);
    return charge === undefined ? [404, {}] : [200, chargeJson(charge)];
  }

  function cancel(id: string): Answer {
    const charge = charges.find((each) => each.id === id);
    if (charge === undefined) return [404, {}];
    if (charge.status === "succeeded") return [409, { error: { code: "charge_not_cancelable" } }];
    charge.status = "canceled";
    return [200, chargeJson(charge)];
  }

  function refund(id: string, key: string, body: Record<string, unknown>): Answer {
    const known = refunds.find((each) => each.key === key);
    if (known !== undefined) return [201, refundJson(known)];
    const charge = charges.find((each) => each.id === id);
    const amount = Number(body.amount);
    if (charge === undefined) return [404, {}];
    if (amount > charge.amountCaptured - charge.amountRefunded)
      return [409, { error: { code: "refund_exceeds_charge" } }];
    const made: FakeRefund = {
      id: `re_${++count}`,
      key,
      charge: id,
      status: gateway.refundStatus,
      amount,
      metadata: { operation_id: String((body.metadata as Record<string, string>).operation_id) },
    };
    if (made.status !== "failed") charge.amountRefunded += amount;
    refunds.push(made);
    return [201, refundJson(made)];
  }

  function chargeJson(charge: FakeCharge): Record<string, unknown> {
    return {
      object: "charge",
      id: charge.id,
      status: charge.status,
      amount: charge.amount,
      amount_captured: charge.amountCaptured,
      amount_refunded: charge.amountRefunded,
      currency: charge.currency,
      metadata: charge.metadata,
      pay_url: `http://gateway.example/pay/${charge.id}`,
      failure_code: charge.failureCode,
    };
  }

  function refundJson(made: FakeRefund): Record<string, unknown> {
    const currency = charges.find((charge) => charge.id === made.charge)?.currency;
    const { key: _key, ...shown } = made;
    return { object: "refund", ...shown, currency, failure_code: made.status === "failed" ? "no_funds" : null };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A test that fails to start must not be kept from ending.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const gateway: FakeGateway = {
    url: `http://127.0.0.1:${port}`,
    charges,
    refunds,
    calls,
    faults,
    refundStatus: "succeeded",
    onCall: undefined,
    forget() {
      for (const kind of Object.keys(faults)) delete faults[kind];
      for (const kind of Object.keys(calls)) delete calls[kind];
      gateway.refundStatus = "succeeded";
      gateway.onCall = undefined;
    },
    chargeOf(operation) {
      const charge = charges.find((each) => each.metadata.operation_id === operation);
      if (charge === undefined) throw new Error(`no charge of ${operation}`);
      return charge;
    },
    pay(charge, amount = charge.amount) {
      charge.status = "succeeded";
      charge.amountCaptured = amount;
    },
    webhook(type, object, { id = `evt_${++count}`, at = Temporal.Now.instant(), secret = webhookSecret } = {}) {
      const body = Buffer.from(JSON.stringify({ object: "event", id, type, data: { object } }));
      const seconds = Math.floor(at.epochMilliseconds / 1000);
      const mac = createHmac("sha256", secret).update(`${seconds}.`).update(body).digest("hex");
      return { body, headers: { "dawr-signature": `t=${seconds},v1=${mac}` } };
    },
    chargeJson,
    refundJson,
    close: () =>
      new Promise((resolve) => {
        for (const response of hanging) response.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gateway;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
