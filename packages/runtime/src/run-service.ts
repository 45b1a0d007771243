import type { Env } from "@dawr/config";
import { parseConfig } from "@dawr/config";
import type { Bus } from "@dawr/events";
import { type Mounted, serveGrpc } from "@dawr/rpc";
import { remoteCaller } from "./callers.ts";
import { aloneConfig, processConfig } from "./config.ts";
import { type Running, type RunOptions, startPlatform } from "./platform.ts";
import type { Listener, ServiceDefinition } from "./service.ts";
import { version } from "./version.ts";

export type RunServiceOptions = RunOptions & {
  /** How events travel to and from other processes; without it they wait in the outbox. */
  readonly bus?: Bus;
};

/** Runs one service alone: calls over gRPC in and out, a port for health and metrics. Throws ConfigError or StartError. */
export function runService(definition: ServiceDefinition, env: Env, options: RunServiceOptions = {}): Promise<Running> {
  const { bus, ...rest } = options;
  return startPlatform(
    {
      name: definition.name,
      version,
      env,
      config: aloneConfig,
      isAlone: false,
      units: [{ definition, env }],
      bus: () => bus,
      callerOf: (service, issuer, own) => remoteCaller({ service, env, issuer, own }),
      listeners: (mounted) => [grpcListener(mounted, env)],
    },
    rest,
  );
}

function grpcListener(mounted: readonly Mounted[], env: Env): Listener {
  return {
    name: "grpc",
    async start() {
      const { HOST, GRPC_PORT, GRPC_CONNECTION_AGE } = parseConfig({ HOST: processConfig.HOST, ...aloneConfig }, env);
      const server = await serveGrpc({
        mounted,
        host: HOST,
        port: GRPC_PORT,
        maxConnectionAgeMs: GRPC_CONNECTION_AGE?.total("milliseconds"),
      });
      const names = ["", ...mounted.flatMap(({ services }) => services.map((service) => service.typeName))];
      return {
        url: `grpc://${HOST}:${server.port}`,
        unready: () => {
          for (const name of names) server.setHealth(name, false);
        },
        close: (graceMs) => server.close(graceMs),
      };
    },
  };
}
