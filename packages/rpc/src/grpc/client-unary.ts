import type { Message } from "@bufbuild/protobuf";
import { type Channel, type Metadata, status as Status, type StatusObject } from "@grpc/grpc-js";
import type { ChannelOptions } from "../client/caller.ts";
import { onCancel } from "../client/cancelling.ts";
import type { ClientObservation, clientObserver } from "../client/observer.ts";
import { errorFrom } from "./client-error.ts";
import { Malformed, type MethodCodec } from "./codec.ts";
import { headersOf, ownHeadersOf } from "./metadata.ts";

/** A method made ready for calls. */
export type PreparedMethod = MethodCodec & { readonly observe: ReturnType<typeof clientObserver> };

/**
 * Makes one unary call straight on grpc-js's channel: its client adds interceptors, an event emitter and a stack trace
 * to each call, which nobody here looks at.
 */
export function callUnary(
  channel: Channel,
  method: PreparedMethod,
  message: Message,
  base: Metadata,
  options: ChannelOptions | undefined,
  timeoutMs: number,
): Promise<Message> {
  const observed = method.observe();
  return new Promise<Message>((resolve, reject) => {
    const fail = (error: unknown) => {
      const mapped = errorFrom(error);
      observed.end(mapped);
      reject(mapped);
    };
    let response: Message | Malformed | undefined;
    try {
      const metadata = withHeaders(base, options, observed);
      const bytes = method.requestSerialize(message);
      const call = channel.createCall(method.path, deadlineOf(options, timeoutMs), null, null, null);
      let release: (() => void) | undefined;
      call.start(metadata, {
        onReceiveMetadata(header) {
          options?.onHeader?.(headersOf(header));
          tellOwn(header, options?.onOwnHeader);
        },
        onReceiveMessage(received: Buffer) {
          response = method.responseDeserialize(received);
        },
        onReceiveStatus(ended) {
          release?.();
          if (ended.code !== Status.OK) return fail(failure(ended));
          if (response === undefined || response instanceof Malformed) return fail(response);
          options?.onTrailer?.(headersOf(ended.metadata));
          tellOwn(ended.metadata, options?.onOwnTrailer);
          observed.end();
          resolve(response);
        },
      });
      release = onCancel(options, () => call.cancelWithStatus(Status.CANCELLED, "cancelled by the caller"));
      call.startRead();
      call.sendMessageWithContext({}, bytes);
      call.halfClose();
    } catch (error) {
      fail(error);
    }
  });
}

/** When the caller stops waiting, in Unix milliseconds; never, when there is no time limit. */
export function deadlineOf(options: ChannelOptions | undefined, ownTimeoutMs: number | undefined): number {
  const timeout = options?.timeoutMs ?? ownTimeoutMs;
  return timeout === undefined || timeout <= 0 ? Number.POSITIVE_INFINITY : Date.now() + timeout;
}

/** The metadata of one call: the caller's own, what the options ask for, and the trace. */
export function withHeaders(
  base: Metadata,
  options: ChannelOptions | undefined,
  observed: ClientObservation,
): Metadata {
  const metadata = base.clone();
  const headers = options?.headers;
  if (headers instanceof Headers || (headers !== undefined && Symbol.iterator in headers)) {
    for (const [name, value] of new Headers(headers)) metadata.set(name, value);
  } else if (headers !== undefined) {
    for (const name in headers) metadata.set(name, headers[name] ?? "");
  }
  observed.inject(metadata);
  return metadata;
}

function failure({ code, details, metadata }: StatusObject): Error {
  return Object.assign(new Error(details), { code, details, metadata });
}

function tellOwn(metadata: Metadata, tell: ((headers: Headers) => void) | undefined): void {
  if (tell === undefined) return;
  const own = ownHeadersOf(metadata);
  if (own !== undefined) tell(own);
}
