import { isIPv4, isIPv6 } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { type Caller, clientOf, defaultTimeoutMs } from "../client/caller.ts";
import { grpcChannel } from "./client-call.ts";
import { serviceConfig } from "./service-config.ts";

export type GrpcCallerOptions = {
  /** "host:port" of every server, or … */
  readonly addresses?: readonly string[] | undefined;
  /** … a gRPC target ("dns:///booking:9090") that is resolved again as servers come and go. */
  readonly target?: string | undefined;
  /** Proves which service calls; asked before each call, so it should remember its token. */
  readonly workloadToken?: (() => string | Promise<string>) | undefined;
  /** How long a call may take when its caller does not say; 10,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** A connection with calls on it is asked for life this often; 2,000 by default. */
  readonly keepaliveTimeMs?: number | undefined;
  /** … and given up when it does not answer in this time; 2,000 by default. */
  readonly keepaliveTimeoutMs?: number | undefined;
  /** How often names are looked up again at most; 5,000 by default. */
  readonly dnsMinIntervalMs?: number | undefined;
  /** Largest message taken or given; 16 MiB by default. */
  readonly maxMessageBytes?: number | undefined;
};

/**
 * Calls services over grpc-js: round robin over all servers, keep-alive, reconnection, deadlines, and retries on
 * `unavailable` of methods that the contract marks as safe to repeat.
 */
export function grpcCaller(options: GrpcCallerOptions): Caller {
  const target = targetOf(options);
  const clients = new Map<DescService, { channel: grpc.Channel; client: unknown }>();
  return {
    client<S extends DescService>(service: S): Client<S> {
      let known = clients.get(service);
      if (known === undefined) {
        const channel = new grpc.Channel(target, grpc.credentials.createInsecure(), channelOptions(options, service));
        const client = clientOf(
          service,
          grpcChannel(channel, {
            workloadToken: options.workloadToken,
            timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
          }),
        );
        known = { channel, client };
        clients.set(service, known);
      }
      // The map holds under each service the client made of it.
      return known.client as Client<S>;
    },
    close() {
      for (const { channel } of clients.values()) channel.close();
      clients.clear();
    },
  };
}

function targetOf({ addresses = [], target }: GrpcCallerOptions): string {
  if (target !== undefined) return target;
  const [first] = addresses;
  if (first === undefined) throw new Error("grpcCaller needs addresses or a target");
  const hosts = addresses.map((address) => address.slice(0, address.lastIndexOf(":")).replaceAll(/[[\]]/g, ""));
  if (hosts.every(isIPv4)) return `ipv4:${addresses.join(",")}`;
  if (hosts.every(isIPv6)) return `ipv6:${addresses.join(",")}`;
  if (addresses.length > 1) throw new Error("several addresses must be IP addresses of one kind; use a target");
  return `dns:///${first}`;
}

function channelOptions(options: GrpcCallerOptions, service: DescService): grpc.ChannelOptions {
  const limit = options.maxMessageBytes ?? 16 * 1024 * 1024;
  return {
    "grpc.service_config": JSON.stringify(serviceConfig(service)),
    "grpc.keepalive_time_ms": options.keepaliveTimeMs ?? 2000,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs ?? 2000,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2000,
    "grpc.dns_min_time_between_resolutions_ms": options.dnsMinIntervalMs ?? 5000,
    "grpc.max_receive_message_length": limit,
    "grpc.max_send_message_length": limit,
    "grpc.enable_channelz": 0,
  };
}
