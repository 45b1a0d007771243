import type { Readable, Writable } from "node:stream";
import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type * as grpc from "@grpc/grpc-js";
import { Call } from "../call/call.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { onlyAnswer } from "../guard/single.ts";
import { Malformed } from "./codec.ts";
import { metadataOf, metadataSource, statusOf } from "./metadata.ts";

type Incoming = Message | Malformed;

/** Serves a unary method on grpc-js. */
export function handleUnary(guarded: GuardedMethod): grpc.handleUnaryCall<Incoming, Message> {
  return (incoming, callback) => {
    const call = openCall(guarded, incoming);
    const { request } = incoming;
    if (request instanceof Malformed) {
      callback(statusOf(guarded.refuse(malformed(request), call), undefined));
      return;
    }
    guarded.unary(request, call).then(
      (response) => {
        const header = metadataOf(call.setHeader);
        if (header !== undefined) incoming.sendMetadata(header);
        callback(null, response, metadataOf(call.setTrailer));
      },
      (error: ConnectError) => callback(statusOf(error, call.setTrailer)),
    );
  };
}

/** Serves a client-streaming method on grpc-js. */
export function handleClientStream(guarded: GuardedMethod): grpc.handleClientStreamingCall<Incoming, Message> {
  return (incoming, callback) => {
    const call = openCall(guarded, incoming);
    onlyAnswer(guarded.stream(readable(incoming), call)).then(
      (response) => {
        const header = metadataOf(call.setHeader);
        if (header !== undefined) incoming.sendMetadata(header);
        callback(null, response, metadataOf(call.setTrailer));
      },
      (error: ConnectError) => callback(statusOf(error, call.setTrailer)),
    );
  };
}

/** Serves a server-streaming method on grpc-js. */
export function handleServerStream(
  guarded: GuardedMethod,
  streams: Set<Call>,
): grpc.handleServerStreamingCall<Incoming, Message> {
  return (outgoing) => {
    const call = openCall(guarded, outgoing);
    streams.add(call);
    const request = async function* () {
      yield checked(outgoing.request);
    };
    void writeAll(outgoing, guarded.stream(request(), call), call).finally(() => streams.delete(call));
  };
}

/** Serves a bidirectional method on grpc-js. */
export function handleBidiStream(
  guarded: GuardedMethod,
  streams: Set<Call>,
): grpc.handleBidiStreamingCall<Incoming, Message> {
  return (both) => {
    const call = openCall(guarded, both);
    streams.add(call);
    void writeAll(both, guarded.stream(readable(both), call), call).finally(() => streams.delete(call));
  };
}

function openCall(guarded: GuardedMethod, surface: Surface): Call {
  const deadline = surface.getDeadline();
  const call = new Call({
    method: guarded.method,
    protocolName: "grpc",
    headers: metadataSource(surface.metadata),
    address: () => withoutPort(surface.getPeer()),
    deadline: typeof deadline === "number" ? (Number.isFinite(deadline) ? deadline : undefined) : deadline.getTime(),
  });
  // grpc-js watches the deadline itself, and reports it the same way as a caller who left, or one who got an answer.
  surface.once("cancelled", () => {
    if (call.isOver) return;
    const isLate = call.deadline !== undefined && call.deadline <= Date.now();
    call.abort(new PlatformError(isLate ? "DEADLINE_EXCEEDED" : "CANCELLED"));
  });
  return call;
}

/** What calls of all kinds have in common. */
type Surface = {
  readonly metadata: grpc.Metadata;
  getDeadline(): grpc.Deadline;
  getPeer(): string;
  once(event: "cancelled", listener: () => void): unknown;
};

async function* readable(stream: Readable): AsyncGenerator<Message> {
  // By default the iterator destroys the stream at its end, and with it the way back.
  const messages: AsyncIterable<Incoming> = stream.iterator({ destroyOnReturn: false });
  for await (const message of messages) yield checked(message);
}

function checked(message: Incoming): Message {
  if (message instanceof Malformed) throw malformed(message);
  return message;
}

function malformed(message: Malformed): PlatformError {
  return new PlatformError("MALFORMED_MESSAGE", {}, { cause: message.cause });
}

/** Sends answers as fast as the caller takes them. */
async function writeAll(
  out: grpc.ServerWritableStream<Incoming, Message> | grpc.ServerDuplexStream<Incoming, Message>,
  answers: AsyncGenerator<Message, void, undefined>,
  call: Call,
): Promise<void> {
  let isHeaderSent = false;
  const sendHeader = () => {
    if (isHeaderSent) return;
    isHeaderSent = true;
    const header = metadataOf(call.setHeader);
    if (header !== undefined) out.sendMetadata(header);
  };
  try {
    for await (const answer of answers) {
      sendHeader();
      if (!out.write(answer) && !call.isAborted) await drained(out);
    }
    sendHeader();
    out.end(metadataOf(call.setTrailer));
  } catch (error) {
    // A guarded method throws nothing but ConnectErrors; grpc-js sends the status when the stream reports it.
    out.emit("error", statusOf(error as ConnectError, call.setTrailer));
  }
}

function drained(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      out.off("drain", done);
      out.off("close", done);
      resolve();
    };
    out.once("drain", done);
    out.once("close", done);
  });
}

function withoutPort(peer: string): string {
  const at = peer.lastIndexOf(":");
  return at > 0 && /^\d+$/.test(peer.slice(at + 1)) ? peer.slice(0, at) : peer;
}
