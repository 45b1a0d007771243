import { create } from "@bufbuild/protobuf";
import {
  type IngestWebhookRequest,
  type IngestWebhookResponse,
  IngestWebhookResponseSchema,
  IngestWebhookResponse_Outcome as Outcome,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import type { Deps } from "../settling/deps.ts";
import { type Ingested, ingestWebhook } from "../settling/ingest.ts";

/** Takes in what a gateway sent to the public door. (PY-06, GW-02) */
export const ingestWebhookRpc =
  (deps: Deps) =>
  async ({ gateway, body, headers }: IngestWebhookRequest): Promise<IngestWebhookResponse> => {
    const ingested = await ingestWebhook(deps, gateway, { body, headers });
    return create(IngestWebhookResponseSchema, { outcome: outcomes[ingested] });
  };

const outcomes = {
  APPLIED: Outcome.APPLIED,
  DUPLICATE: Outcome.DUPLICATE,
  NOTHING_NEW: Outcome.IGNORED,
  // Taken and kept for a person to look at; the gateway need not send it again.
  MISMATCH: Outcome.IGNORED,
  NOT_OURS: Outcome.IGNORED,
} as const satisfies Record<Ingested, Outcome>;
