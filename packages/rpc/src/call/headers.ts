/** Request headers as each way of calling holds them: looked up by lower-case name, copied into Headers only on demand. */
export type HeaderSource = {
  get(name: string): string | undefined;
  all(): Headers;
};

/** The headers that Dawr gives a meaning to. */
export const headerNames = {
  user: "authorization",
  workload: "x-dawr-workload",
  /** "1" when the sender only passes a stranger's call on, so that its own workload grants nothing. */
  relayed: "x-dawr-relayed",
  /** The client's address as the door saw it; believed from a workload only. */
  peer: "x-dawr-peer",
  /** The person who caused what a workload now does of its own. */
  causedBy: "x-dawr-caused-by",
  requestId: "x-request-id",
  language: "accept-language",
  trace: "traceparent",
  traceState: "tracestate",
} as const;

/** Reads Headers. */
export function headersSource(headers: Headers): HeaderSource {
  return { get: (name) => headers.get(name) ?? undefined, all: () => headers };
}

/** Reads what a caller passed as headers: a plain record (the cheap form where its names are in lower case), pairs, or Headers. */
export function headerInitSource(init: HeadersInit | undefined): HeaderSource {
  if (init === undefined) return noHeaders;
  if (init instanceof Headers) return headersSource(init);
  if (Array.isArray(init) || Symbol.iterator in init) return headersSource(new Headers(init));
  const record = init;
  for (const name in record) if (name !== name.toLowerCase()) return headersSource(new Headers(record));
  return { get: (name) => (Object.hasOwn(record, name) ? record[name] : undefined), all: () => new Headers(record) };
}

const noHeaders: HeaderSource = { get: () => undefined, all: () => new Headers() };
