import * as grpc from "@grpc/grpc-js";
import type { Call } from "../call/call.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { Mounted } from "../guard/guard.ts";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { healthService } from "../standard/health.ts";
import { reflectionServices } from "../standard/reflection.ts";
import { methodCodec } from "./codec.ts";
import { handleBidiStream, handleClientStream, handleServerStream, handleUnary } from "./server-call.ts";

export type GrpcServerOptions = {
  readonly mounted: readonly Mounted[];
  /** 0 takes any free one. */
  readonly port: number;
  /** All addresses by default. */
  readonly host?: string | undefined;
  /** Largest message taken or given; 16 MiB by default. */
  readonly maxMessageBytes?: number | undefined;
  /** After this time a connection is asked to go, ±10 %, so that clients learn of new servers; never by default. */
  readonly maxConnectionAgeMs?: number | undefined;
  /** How long the calls on such a connection may still take; 10,000 by default. */
  readonly maxConnectionAgeGraceMs?: number | undefined;
};

export type GrpcServer = {
  readonly port: number;
  /** Says by the health service whether a service (by its full name; "" for all) can work. */
  setHealth(service: string, isServing: boolean): void;
  /** Takes no new calls, and ends those that are not over after the given time. */
  close(graceMs: number): Promise<void>;
};

/** Serves guarded services by grpc-js, the fast way between services, with health and reflection. */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new grpc.Server(serverOptions(options));
  const health = healthService();
  const streams = new Set<Call>();
  const served = [...options.mounted.flatMap((m) => [...m.methods.values()]), ...health.methods];
  const descriptors = options.mounted.flatMap((m) => m.services);
  for (const guarded of [...served, ...reflectionServices(served)]) register(server, guarded, streams);
  for (const service of ["", ...descriptors.map((d) => d.typeName)]) health.set(service, true);
  const port = await bind(server, options.host ?? "0.0.0.0", options.port);
  return {
    port,
    setHealth: health.set,
    async close(graceMs) {
      health.shutdown();
      for (const call of streams) call.abort(new PlatformError("UNAVAILABLE"));
      const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      const timer = setTimeout(() => server.forceShutdown(), graceMs);
      await drained;
      clearTimeout(timer);
    },
  };
}

function serverOptions(options: GrpcServerOptions): grpc.ServerOptions {
  const limit = options.maxMessageBytes ?? 16 * 1024 * 1024;
  return {
    "grpc.max_receive_message_length": limit,
    "grpc.max_send_message_length": limit,
    "grpc.enable_channelz": 0,
    ...(options.maxConnectionAgeMs === undefined
      ? {}
      : {
          "grpc.max_connection_age_ms": options.maxConnectionAgeMs,
          "grpc.max_connection_age_grace_ms": options.maxConnectionAgeGraceMs ?? 10_000,
        }),
  };
}

function register(server: grpc.Server, guarded: GuardedMethod, streams: Set<Call>): void {
  const { responseSerialize: write, requestDeserialize: read } = methodCodec(guarded.method);
  switch (guarded.method.methodKind) {
    case "unary":
      server.register(guarded.path, handleUnary(guarded), write, read, "unary");
      break;
    case "client_streaming":
      server.register(guarded.path, handleClientStream(guarded), write, read, "clientStream");
      break;
    case "server_streaming":
      server.register(guarded.path, handleServerStream(guarded, streams), write, read, "serverStream");
      break;
    case "bidi_streaming":
      server.register(guarded.path, handleBidiStream(guarded, streams), write, read, "bidi");
  }
}

function bind(server: grpc.Server, host: string, port: number): Promise<number> {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}
