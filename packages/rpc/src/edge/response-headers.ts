import { cors as connectCors } from "@connectrpc/connect";

/** Which pages of other origins may call: their origins, or "*" for all (then without cookies). */
export type CorsOptions = { readonly origins: readonly string[] | "*" };

/** The headers that every answer of the edge carries; a route may overwrite them. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "cross-origin",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
};

const methods = connectCors.allowedMethods.join(", ");
const exposed = [...connectCors.exposedHeaders, "x-request-id", "deprecation", "sunset", "retry-after"].join(", ");
const allowed = [
  ...connectCors.allowedHeaders,
  "authorization",
  "accept-language",
  "x-request-id",
  "traceparent",
  "tracestate",
].join(", ");

/** Adds what a page of another origin needs; false when the origin may not call. */
export function addCorsHeaders(
  headers: Record<string, string>,
  origin: string | undefined,
  options: CorsOptions | undefined,
): boolean {
  if (origin === undefined || options === undefined) return false;
  const isKnown = options.origins === "*" || options.origins.includes(origin);
  if (!isKnown) return false;
  headers["access-control-allow-origin"] = options.origins === "*" ? "*" : origin;
  if (options.origins !== "*") {
    headers["access-control-allow-credentials"] = "true";
    headers.vary = "Origin";
  }
  headers["access-control-expose-headers"] = exposed;
  return true;
}

/** Adds the answer to a preflight request. */
export function addPreflightHeaders(headers: Record<string, string>): void {
  headers["access-control-allow-methods"] = methods;
  headers["access-control-allow-headers"] = allowed;
  headers["access-control-max-age"] = "7200";
}
