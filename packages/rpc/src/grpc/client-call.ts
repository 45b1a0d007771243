import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import type { Channel } from "../client/caller.ts";
import { clientObserver } from "../client/observer.ts";
import { errorFrom } from "./client-error.ts";
import { readAnswers } from "./client-stream.ts";
import { callUnary, deadlineOf, type PreparedMethod, withHeaders } from "./client-unary.ts";
import { methodCodec } from "./codec.ts";
import { ownMetadata } from "./own-metadata.ts";

export type GrpcChannelOptions = {
  readonly workloadToken: (() => string | Promise<string>) | undefined;
  readonly timeoutMs: number;
};

/** Carries the calls of clients over a grpc-js client. */
export function grpcChannel(channel: grpc.Channel, { workloadToken, timeoutMs }: GrpcChannelOptions): Channel {
  // For streams grpc-js's own client does what is needed; it shares the channel's connections.
  const client = new grpc.Client("", grpc.credentials.createInsecure(), { channelOverride: channel });
  const prepared = new Map<DescMethod, PreparedMethod>();
  const own = ownMetadata(workloadToken);

  function prepare(method: DescMethod): PreparedMethod {
    let ready = prepared.get(method);
    if (ready === undefined) {
      ready = { ...methodCodec(method), observe: clientObserver(method) };
      prepared.set(method, ready);
    }
    return ready;
  }

  return {
    unary(method, input, options) {
      const ready = prepare(method);
      // Clients are typed by their service, so that what they pass is what create() takes.
      const message = create(method.input, input as Message);
      const base = own();
      return base instanceof Promise
        ? base.then((metadata) => callUnary(channel, ready, message, metadata, options, timeoutMs))
        : callUnary(channel, ready, message, base, options, timeoutMs);
    },

    async *stream(method, inputs, options) {
      const { path, requestSerialize, responseDeserialize, hasResponseStream, observe } = prepare(method);
      const base = await own();
      const observed = observe();
      try {
        const call = client.makeBidiStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          withHeaders(base, options, observed),
          // What answers with a stream lives until somebody ends it.
          { deadline: deadlineOf(options, hasResponseStream ? undefined : timeoutMs) },
        );
        yield* readAnswers(call, method, inputs, options);
      } catch (error) {
        const mapped = errorFrom(error);
        observed.end(mapped);
        throw mapped;
      } finally {
        observed.end();
      }
    },
  };
}
