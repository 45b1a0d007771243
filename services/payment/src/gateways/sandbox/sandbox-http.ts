import type { z } from "zod";
import { GatewayRefusal, GatewaySilence } from "../gateway.ts";

/** Where the sandbox is and how it is called. */
export type SandboxHttpOptions = {
  /** Without a slash at the end. */
  readonly url: string;
  readonly apiKey: string;
  /** How long a call may take before its outcome counts as unknown. */
  readonly timeoutMs: number;
};

/** One call of the sandbox's API. */
export type SandboxCall = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
};

/** Calls the sandbox; undefined for 404. Throws GatewayRefusal for other 4xx that say so, GatewaySilence for the rest. */
export async function callSandbox<T extends z.ZodType>(
  { url, apiKey, timeoutMs }: SandboxHttpOptions,
  shape: T,
  { method, path, body, idempotencyKey }: SandboxCall,
): Promise<z.infer<T> | undefined> {
  const { status, text } = await exchange(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      accept: "application/json",
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (status === 404) return undefined;
  if (refusals.has(status)) {
    const code = codeOf(text);
    // The key was used for something else: whatever that was, it exists, and must be asked for.
    if (code === "idempotency_key_reused") throw new GatewaySilence(`the gateway knows another request: ${code}`);
    throw new GatewayRefusal(code);
  }
  if (status < 200 || status > 299) throw new GatewaySilence(`the gateway answered ${status}`);
  const parsed = shape.safeParse(parseJson(text));
  if (!parsed.success) throw new GatewaySilence("the gateway's answer makes no sense", { cause: parsed.error });
  return parsed.data;
}

// A wrong key (401) or too many calls (429) says nothing about the payment, so these are no refusals of it.
const refusals: ReadonlySet<number> = new Set([400, 402, 409, 413, 422]);

async function exchange(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new GatewaySilence("the gateway did not answer", { cause });
  }
}

function codeOf(text: string): string {
  const body = parseJson(text);
  if (typeof body !== "object" || body === null || !("error" in body)) return "gateway_refused";
  const { error } = body;
  if (typeof error !== "object" || error === null || !("code" in error)) return "gateway_refused";
  return typeof error.code === "string" && /^[a-z_]{1,60}$/.test(error.code) ? error.code : "gateway_refused";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
