import type { Mounted } from "../guard/guard.ts";
import { healthService } from "../standard/health.ts";
import { reflectionServices } from "../standard/reflection.ts";
import { type EdgeOptions, edgeHandlers } from "./edge-handlers.ts";
import { twinServer } from "./sniff.ts";

export type EdgeServerOptions = EdgeOptions & {
  readonly mounted: readonly Mounted[];
  /** 0 takes any free one. */
  readonly port: number;
  /** All addresses by default. */
  readonly host?: string | undefined;
};

export type EdgeServer = {
  readonly port: number;
  /** Says by the health service whether a service (by its full name; "" for all) can work. */
  setHealth(service: string, isServing: boolean): void;
  /** Takes nothing new, ends streams, and cuts what is not over after the given time. */
  close(graceMs: number): Promise<void>;
};

/**
 * Serves guarded services for Connect, gRPC-Web and gRPC on one plain-text port, HTTP/1.1 and HTTP/2, with health and
 * reflection. Rejects when the port cannot be had.
 */
export async function serveEdge(options: EdgeServerOptions): Promise<EdgeServer> {
  const health = healthService();
  const descriptors = options.mounted.flatMap((m) => m.services);
  const served = [...options.mounted.flatMap((m) => [...m.methods.values()]), ...health.methods];
  for (const service of ["", ...descriptors.map((d) => d.typeName)]) health.set(service, true);
  const handlers = edgeHandlers([...served, ...reflectionServices(served)], options);
  const server = twinServer(handlers.listener, handlers.streamListener);
  const port = await server.listen(options.port, options.host);
  return {
    port,
    setHealth: health.set,
    async close(graceMs) {
      health.shutdown();
      handlers.endStreams();
      await server.close(graceMs);
    },
  };
}
