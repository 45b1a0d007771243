import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { Call } from "../call/call.ts";
import { headerInitSource } from "../call/headers.ts";
import {
  type Caller,
  type Channel,
  type ChannelOptions,
  clientOf,
  defaultTimeoutMs,
  transportOf,
} from "../client/caller.ts";
import { onCancel } from "../client/cancelling.ts";
import { platformRefusal } from "../errors/error-mapper.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { Mounted } from "../guard/guard.ts";
import type { GuardedMethod } from "../guard/guard-method.ts";

export type MemoryCallerOptions = {
  /** The service that calls; in one process its word is enough. */
  readonly workload?: string | undefined;
  /** How long a call may take when its caller does not say; 10,000 by default. */
  readonly timeoutMs?: number | undefined;
};

/** Calls guarded services of the same process: no serialisation, no copies, the same interceptors. */
export function memoryCaller(mounted: () => readonly Mounted[], options: MemoryCallerOptions = {}): Caller {
  const channel = memoryChannel(mounted, options);
  return { client: (service) => clientOf(service, channel), close: () => undefined };
}

/** The same as a Connect transport, for tests. */
export function inMemoryTransport(mounted: readonly Mounted[], options: MemoryCallerOptions = {}): Transport {
  return transportOf(memoryChannel(() => mounted, options));
}

function memoryChannel(mounted: () => readonly Mounted[], defaults: MemoryCallerOptions): Channel {
  const { workload, timeoutMs = defaultTimeoutMs } = defaults;
  const found = new Map<DescMethod, GuardedMethod>();

  function find(method: DescMethod): GuardedMethod {
    let guarded = found.get(method);
    if (guarded === undefined) {
      const path = `/${method.parent.typeName}/${method.name}`;
      guarded = mounted()
        .map((m) => m.methods.get(path))
        .find((m) => m !== undefined);
      if (guarded === undefined) throw platformRefusal("UNKNOWN_METHOD", { path });
      found.set(method, guarded);
    }
    return guarded;
  }

  function open(method: DescMethod, options: ChannelOptions | undefined, ownTimeoutMs: number | undefined): Call {
    const timeout = options?.timeoutMs ?? ownTimeoutMs;
    return new Call({
      method,
      protocolName: "memory",
      headers: headerInitSource(options?.headers),
      deadline: timeout === undefined || timeout <= 0 ? undefined : Date.now() + timeout,
      workload,
    });
  }

  return {
    async unary(method, input, options) {
      const guarded = find(method);
      const call = open(method, options, timeoutMs);
      const release = watch(call, options);
      try {
        return await guarded.unary(messageOf(method, input), call);
      } finally {
        release();
        report(call, options);
      }
    },
    async *stream(method, inputs, options) {
      const guarded = find(method);
      // A stream lives until somebody ends it.
      const call = open(method, options, method.methodKind === "client_streaming" ? timeoutMs : undefined);
      const release = watch(call, options);
      try {
        yield* guarded.stream(messagesOf(method, inputs), call);
      } finally {
        release();
        report(call, options);
      }
    },
  };
}

/** Ends the call when its deadline passes or its caller gives up. */
function watch(call: Call, options: ChannelOptions | undefined): () => void {
  const timer =
    call.deadline === undefined
      ? undefined
      : setTimeout(() => call.abort(new PlatformError("DEADLINE_EXCEEDED")), call.deadline - Date.now());
  const release = onCancel(options, () => {
    const reason: unknown = options?.onAbort === undefined ? options?.signal?.reason : undefined;
    // What ran out of time upstream is late here too, not merely given up.
    call.abort(reason instanceof PlatformError ? reason : new PlatformError("CANCELLED"));
  });
  return () => {
    clearTimeout(timer);
    release();
  };
}

function report(call: Call, options: ChannelOptions | undefined): void {
  if (options === undefined) return;
  options.onHeader?.(call.setHeader ?? new Headers());
  options.onTrailer?.(call.setTrailer ?? new Headers());
  if (call.setHeader !== undefined) options.onOwnHeader?.(call.setHeader);
  if (call.setTrailer !== undefined) options.onOwnTrailer?.(call.setTrailer);
}

// Clients are typed by their service, so that what they pass is what create() takes.
function messageOf(method: DescMethod, input: unknown): Message {
  return create(method.input, input as Message);
}

async function* messagesOf(method: DescMethod, inputs: AsyncIterable<unknown>): AsyncGenerator<Message> {
  for await (const input of inputs) yield messageOf(method, input);
}
