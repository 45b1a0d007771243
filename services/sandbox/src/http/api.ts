import { createHash, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tx } from "@dawr/store";
import { z } from "zod";
import { createCharge, createChargeShape } from "../charging/create-charge.ts";
import type { Deps } from "../charging/deps.ts";
import { cancelStored, captureStored } from "../charging/pay-charge.ts";
import { refundShape, refundStored } from "../charging/refund-charge.ts";
import { chargeToJson, refundToJson } from "../charging/to-json.ts";
import { seenAt } from "../domain/charge.ts";
import { SandboxError } from "../domain/errors.ts";
import { getCharge, listCharges } from "../store/charges.ts";
import { answerOnce } from "../store/idempotent-answers.ts";
import { getRefund, listRefunds } from "../store/refunds.ts";
import { type Call, json, jsonBody, jsonText, type Reply, type Route } from "./exchange.ts";

/** The merchants' API: charges and refunds, as services/sandbox/README.md describes it. */
export function apiRoutes(deps: Deps, apiKey: string): readonly Route[] {
  const { store, now, faults } = deps;
  const show = (charge: Parameters<typeof seenAt>[0]) => chargeToJson(seenAt(charge, now()), deps.publicUrl());

  /** Every call: the key first, then the faults that are played. */
  const guarded =
    (isWrite: boolean, handle: (call: Call) => Promise<Reply>): Route["handle"] =>
    async (call) => {
      if (!isKey(call.headers.authorization, apiKey)) throw new SandboxError("unauthorized");
      const { slowMs } = faults.plan().api;
      if (slowMs > 0) await sleep(slowMs);
      const fault = faults.call(isWrite);
      if (fault === "fail") return json(500, { error: { code: "internal" } });
      const reply = await handle(call);
      return fault === "lose-response" ? "cut" : reply;
    };

  /** A write that is done once per Idempotency-Key. */
  const once = (call: Call, work: (tx: Tx) => Promise<Record<string, unknown>>, status: number): Promise<Reply> => {
    const key = call.headers["idempotency-key"];
    if (typeof key !== "string" || !/^[\x21-\x7e]{1,255}$/.test(key))
      throw new SandboxError("idempotency_key_required");
    const request = `${call.method} ${call.url.pathname}\n${call.body.toString("utf8")}`;
    return store.transaction(async (tx) => {
      const answer = await answerOnce(tx, key, request, now(), async () => ({
        status,
        body: JSON.stringify(await work(tx)),
      }));
      return jsonText(answer.status, answer.body);
    });
  };

  return [
    {
      method: "POST",
      pattern: /^\/v1\/charges$/,
      handle: guarded(true, (call) => {
        const wish = createChargeShape.parse(jsonBody(call));
        return once(call, async (tx) => show(createCharge(tx, deps, wish)), 201);
      }),
    },
    {
      method: "GET",
      pattern: /^\/v1\/charges$/,
      handle: guarded(false, async ({ url }) => {
        const { limit, ...query } = chargeQuery.parse(Object.fromEntries(url.searchParams));
        const charges = await store.read((tx) =>
          listCharges(tx, {
            metadata: metadataOf(url),
            createdFrom: instant(query.created_from),
            createdBefore: instant(query.created_before),
            startingAfter: query.starting_after,
            limit: limit + 1,
          }),
        );
        return json(200, {
          object: "list",
          data: charges.slice(0, limit).map(show),
          has_more: charges.length > limit,
        });
      }),
    },
    {
      method: "GET",
      pattern: /^\/v1\/charges\/(?<id>\w+)$/,
      handle: guarded(false, async ({ params }) =>
        json(200, show(await store.read((tx) => getCharge(tx, params.id ?? "")))),
      ),
    },
    {
      method: "POST",
      pattern: /^\/v1\/charges\/(?<id>\w+)\/capture$/,
      handle: guarded(true, (call) =>
        once(call, async (tx) => show(await captureStored(tx, deps, call.params.id ?? "")), 200),
      ),
    },
    {
      method: "POST",
      pattern: /^\/v1\/charges\/(?<id>\w+)\/cancel$/,
      handle: guarded(true, (call) =>
        once(call, async (tx) => show(await cancelStored(tx, deps, call.params.id ?? "")), 200),
      ),
    },
    {
      method: "POST",
      pattern: /^\/v1\/charges\/(?<id>\w+)\/refunds$/,
      handle: guarded(true, (call) => {
        const wish = refundShape.parse(jsonBody(call));
        const work = async (tx: Tx) => {
          const { refund, currency } = await refundStored(tx, deps, call.params.id ?? "", wish);
          return refundToJson(refund, currency);
        };
        return once(call, work, 201);
      }),
    },
    {
      method: "GET",
      pattern: /^\/v1\/refunds$/,
      handle: guarded(false, async ({ url }) => {
        const query = refundQuery.parse(Object.fromEntries(url.searchParams));
        const found = await store.read(async (tx) => {
          const refunds = await listRefunds(tx, {
            chargeId: query.charge,
            metadata: metadataOf(url),
            startingAfter: query.starting_after,
            limit: query.limit + 1,
          });
          return Promise.all(
            refunds.map(async (refund) => refundToJson(refund, (await getCharge(tx, refund.chargeId)).currency)),
          );
        });
        return json(200, { object: "list", data: found.slice(0, query.limit), has_more: found.length > query.limit });
      }),
    },
    {
      method: "GET",
      pattern: /^\/v1\/refunds\/(?<id>\w+)$/,
      handle: guarded(false, async ({ params }) =>
        store.read(async (tx) => {
          const refund = await getRefund(tx, params.id ?? "");
          return json(200, refundToJson(refund, (await getCharge(tx, refund.chargeId)).currency));
        }),
      ),
    },
  ];
}

const limit = z.coerce.number().int().min(1).max(100).default(20);
const time = z.iso.datetime({ offset: true }).optional();
const chargeQuery = z.looseObject({
  limit,
  starting_after: z.string().optional(),
  created_from: time,
  created_before: time,
});
const refundQuery = z.looseObject({ limit, starting_after: z.string().optional(), charge: z.string().optional() });

/** `metadata[name]=value` of the address. */
function metadataOf(url: URL): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    const key = /^metadata\[([a-z0-9_]{1,40})\]$/.exec(name)?.[1];
    if (key !== undefined) found[key] = value;
  }
  return found;
}

function instant(text: string | undefined): Temporal.Instant | undefined {
  return text === undefined ? undefined : Temporal.Instant.from(text);
}

function isKey(header: string | undefined, apiKey: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${apiKey}`));
}
