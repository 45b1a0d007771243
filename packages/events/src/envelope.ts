import type { Event } from "./event.ts";

/** A message as Kafka carries it: CloudEvents 1.0 in binary mode, the aggregate's id as the message's key. */
export type EventMessage = {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Uint8Array;
};

/** What a message lacks to be one of our events; says everything that is wrong at once. */
export class EnvelopeError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`not an event: ${problems.join("; ")}`);
    this.name = "EnvelopeError";
    this.problems = problems;
  }
}

/** Writes an event as a message; header values are UTF-8 text. (contracts: Events; CloudEvents Kafka binding 1.0) */
export function toMessage(event: Event): EventMessage {
  return {
    key: event.key,
    headers: {
      ce_specversion: "1.0",
      ce_id: event.id,
      ce_type: event.type,
      ce_source: event.source,
      ce_subject: event.subject,
      ce_sequence: event.sequence.toString(),
      ce_time: event.time.toString(),
      ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
      "content-type": contentType,
    },
    value: event.data,
  };
}

/** Reads a message as an event, in any order and case of its headers; unknown headers are left out. Throws EnvelopeError. */
export function fromMessage(message: {
  readonly key: string | Uint8Array | null | undefined;
  readonly headers: Readonly<Record<string, string | Uint8Array | undefined>>;
  readonly value: Uint8Array | null | undefined;
}): Event {
  const headers = new Map(Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), text(value)]));
  const problems: string[] = [];
  const required = (name: string, form: RegExp): string => {
    const value = headers.get(name);
    if (value === undefined) problems.push(`${name} is missing`);
    else if (!form.test(value)) problems.push(`${name} is malformed`);
    return value ?? "";
  };

  required("ce_specversion", /^1\.0$/);
  required("content-type", /^application\/protobuf$/);
  const id = required("ce_id", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const type = required("ce_type", /^[a-z]\w*(\.[a-z]\w*)*\.[A-Z]\w*$/);
  const source = required("ce_source", /^dawr\.[a-z][a-z0-9-]*$/);
  const subject = required("ce_subject", /^.+$/s);
  const sequence = required("ce_sequence", /^[1-9]\d{0,18}$/);
  if (sequence.length === 19 && sequence > maxSequence) problems.push("ce_sequence is malformed");
  const time = instant(headers.get("ce_time") ?? "");
  if (!headers.has("ce_time")) problems.push("ce_time is missing");
  else if (time === undefined) problems.push("ce_time is malformed");
  const traceparent = headers.get("traceparent");
  const key = text(message.key ?? undefined);
  if (key === undefined || key === "") problems.push("the key is missing");
  if (message.value === null || message.value === undefined) problems.push("the value is missing");
  if (problems.length > 0 || time === undefined || !key || !message.value) {
    throw new EnvelopeError(problems);
  }

  return {
    id,
    type,
    source,
    subject,
    key,
    sequence: BigInt(sequence),
    time,
    // A trace that cannot be read is no reason to lose an event.
    ...(traceparent !== undefined && traceparentForm.test(traceparent) ? { traceparent } : {}),
    data: message.value,
  };
}

const contentType = "application/protobuf";

/** The greatest 64-bit integer, which compares as text with others of its length. */
const maxSequence = "9223372036854775807";

/** W3C trace context, version 00 (and later ones that begin like it). */
export const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

const decoder = new TextDecoder("utf-8", { fatal: true });

function text(value: string | Uint8Array | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  try {
    return decoder.decode(value);
  } catch {
    // Not UTF-8: reported as malformed, since no form of ours matches it.
    return "\uFFFD";
  }
}

function instant(value: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(value);
  } catch {
    return undefined;
  }
}
