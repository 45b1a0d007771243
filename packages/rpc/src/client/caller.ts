import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  DescService,
  Message,
} from "@bufbuild/protobuf";
import { type CallOptions, type Client, makeAnyClient, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { onlyAnswer } from "../guard/single.ts";

/** Makes typed clients of services, wherever those run. */
export type Caller = {
  client<S extends DescService>(service: S): Client<S>;
  close(): void;
};

/** What calls of the platform may say beyond Connect's options: cheaper forms of the same for forwarded calls. */
export type ChannelOptions = CallOptions & {
  /** Instead of a signal: registers what cancels the call, and answers what takes it away again. */
  readonly onAbort?: ((cancel: () => void) => () => void) | undefined;
  /** Instead of onHeader and onTrailer: only called when a handler set any. */
  readonly onOwnHeader?: ((headers: Headers) => void) | undefined;
  readonly onOwnTrailer?: ((trailers: Headers) => void) | undefined;
};

/** One way of carrying calls: in memory, or over grpc-js. Messages may be given as what create() takes. */
export type Channel = {
  unary(method: DescMethod, input: unknown, options: ChannelOptions | undefined): Promise<Message>;
  /** Leaving the iteration cancels the call. */
  stream(
    method: DescMethod,
    inputs: AsyncIterable<unknown>,
    options: ChannelOptions | undefined,
  ): AsyncIterable<Message>;
};

/** How long a call may take when its caller does not say. */
export const defaultTimeoutMs = 10_000;

/**
 * A service's client on a channel. Unlike Connect's own, leaving the iteration of its streams cancels the call.
 */
export function clientOf<S extends DescService>(service: S, channel: Channel): Client<S> {
  const client = makeAnyClient(service, (method) => {
    switch (method.methodKind) {
      case "unary":
        return (input: unknown, options?: CallOptions) => channel.unary(method, input, options);
      case "server_streaming":
        return (input: unknown, options?: CallOptions) => channel.stream(method, createAsyncIterable([input]), options);
      case "client_streaming":
        return (inputs: AsyncIterable<unknown>, options?: CallOptions) =>
          onlyAnswer(channel.stream(method, inputs, options));
      case "bidi_streaming":
        return (inputs: AsyncIterable<unknown>, options?: CallOptions) => channel.stream(method, inputs, options);
    }
  });
  // The methods just made are those that the descriptor's type names.
  return client as Client<S>;
}

/** The channel as a Connect transport, for code that wants one. */
export function transportOf(channel: Channel): Transport {
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      ...[signal, timeoutMs, headers, input]: UnaryArguments
    ) {
      const meta = collected(signal, timeoutMs, headers);
      const message = await channel.unary(method, input, meta.options);
      return { stream: false, service: method.parent, method, message: message as never, ...meta.received };
    },
    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      ...[signal, timeoutMs, headers, input]: StreamArguments
    ) {
      const meta = collected(signal, timeoutMs, headers);
      const message = channel.stream(method, input, meta.options);
      return { stream: true, service: method.parent, method, message: message as never, ...meta.received };
    },
  };
}

type UnaryArguments = Parameters<Transport["unary"]> extends [unknown, ...infer R] ? R : never;
type StreamArguments = Parameters<Transport["stream"]> extends [unknown, ...infer R] ? R : never;

function collected(signal: AbortSignal | undefined, timeoutMs: number | undefined, headers: HeadersInit | undefined) {
  const received = { header: new Headers(), trailer: new Headers() };
  const options: CallOptions = {
    onHeader: (from) => copy(from, received.header),
    onTrailer: (from) => copy(from, received.trailer),
  };
  if (signal !== undefined) options.signal = signal;
  if (timeoutMs !== undefined) options.timeoutMs = timeoutMs;
  if (headers !== undefined) options.headers = headers;
  return { received, options };
}

function copy(from: Headers, to: Headers): void {
  for (const [name, value] of from) to.append(name, value);
}
