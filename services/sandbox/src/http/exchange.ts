import type { IncomingMessage } from "node:http";
import { SandboxError } from "../domain/errors.ts";

/** A request as handlers see it; the body is read already. */
export type Call = {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** The groups of the route's pattern. */
  readonly params: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
  /** Aborts when the client has gone or the server stops. */
  readonly signal: AbortSignal;
};

/** What is answered; "cut" ends the connection without an answer, as a lost response does. */
export type Reply =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  | "cut";

/** One place of the server: a method, a pattern of the path with named groups, and what is done there. */
export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly pattern: RegExp;
  readonly handle: (call: Call) => Promise<Reply> | Reply;
};

/** An answer in JSON. */
export function json(status: number, value: unknown): Reply {
  return { status, headers: jsonHeaders, body: JSON.stringify(value) };
}

/** An answer whose JSON text is there already. */
export function jsonText(status: number, body: string): Reply {
  return { status, headers: jsonHeaders, body };
}

/** Sends a browser elsewhere, to be fetched with GET. */
export function seeOther(location: string): Reply {
  return { status: 303, headers: { location } };
}

/** The body as JSON; an empty one is an empty object. Throws invalid_request. */
export function jsonBody(call: Call): unknown {
  if (call.body.length === 0) return {};
  if (!/^application\/json\b/i.test(call.headers["content-type"] ?? ""))
    throw new SandboxError("invalid_request", { problem: "content-type must be application/json" });
  try {
    return JSON.parse(utf8.decode(call.body));
  } catch (cause) {
    throw new SandboxError("invalid_request", { problem: "the body is no JSON" }, { cause });
  }
}

/** The fields of a form, as a browser sends them or as a JSON object of texts. Throws invalid_request. */
export function formBody(call: Call): ReadonlyMap<string, string> {
  if (/^application\/json\b/i.test(call.headers["content-type"] ?? "")) {
    const value = jsonBody(call);
    if (typeof value !== "object" || value === null)
      throw new SandboxError("invalid_request", { problem: "no object" });
    return new Map(Object.entries(value).map(([name, field]) => [name, String(field)]));
  }
  return new Map(new URLSearchParams(call.body.toString("utf8")));
}

/** Whether the client would rather have JSON than a page. */
export function wantsJson(call: Call): boolean {
  return /\bapplication\/json\b/.test(call.headers.accept ?? "");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const jsonHeaders = { "content-type": "application/json; charset=utf-8" };
