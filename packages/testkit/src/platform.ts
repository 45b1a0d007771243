import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { RunAllOptions, Running, ServiceDefinition } from "@dawr/runtime";
import { type TestDatabase, testDatabase } from "./database.ts";
import { freePorts } from "./free-ports.ts";

type Env = RunAllOptions["env"];

/** A whole platform that runs in the test's process, with a database, keys and ports of its own. */
export type Platform = Omit<Running, "client"> & {
  readonly database: TestDatabase;
  /** The environment that it was started with. */
  readonly env: Env;
  /** Calls a service in this process, as another service when one is named. */
  readonly internal: Running["client"];
  /** Calls a service as an app does: over HTTP through the listener named "gateway", with a token when one is given. */
  client<S extends DescService>(service: S, options?: { readonly token?: string }): Client<S>;
  /** Stops it and removes its database and files. */
  stop(): Promise<void>;
};

export type PlatformOverrides = Partial<Omit<RunAllOptions, "env">> & {
  /** Names of variables that are each given a free port. */
  readonly ports?: readonly string[];
  /** Laid over what testPlatform sets; a function is told that, so that one service's address can be another's setting. */
  readonly env?: Env | ((given: Env) => Env);
};

/** Runs services together as one process does in production, on an empty database. */
export async function testPlatform(
  definitions: readonly ServiceDefinition[],
  overrides: PlatformOverrides = {},
): Promise<Platform> {
  // Loaded by those who ask for a platform only: it is most of the system.
  const { runAll } = await import("@dawr/runtime");
  const { ports = [], env: laidOver, services = {}, ...options } = overrides;
  const names = definitions.map(({ name }) => name);
  const [database, folder, free] = await Promise.all([
    testDatabase(names),
    mkdtemp(join(tmpdir(), "dawr-platform-")),
    freePorts(ports.length),
  ]);
  const remove = async () => {
    await Promise.all([database.drop(), rm(folder, { recursive: true, force: true })]);
  };
  const given: Env = {
    HOST: "127.0.0.1",
    METRICS_PORT: "0",
    LOG_LEVEL: "silent",
    KEY_FILE: join(folder, "keys.json"),
    WORKLOAD_KEY_FILE: join(folder, "workload.key"),
    DATA_DIR: folder,
    MIGRATION_DATABASE_URL: database.ownerUrl,
    ...Object.fromEntries(ports.map((name, index) => [name, String(free[index])])),
  };
  const env = { ...given, ...(typeof laidOver === "function" ? laidOver(given) : laidOver) };
  let running: Running;
  try {
    running = await runAll(definitions, {
      ...options,
      env,
      services: Object.fromEntries(
        names.map((name) => [name, { DATABASE_URL: database.urlOf(name), ...services[name] }]),
      ),
    });
  } catch (error) {
    await remove();
    throw error;
  }
  const { createClient } = await import("@connectrpc/connect");
  const { createConnectTransport } = await import("@connectrpc/connect-node");
  return {
    ...running,
    database,
    env,
    internal: running.client,
    client: (service, { token } = {}) => {
      const baseUrl = running.urls.gateway;
      if (baseUrl === undefined) throw new Error("no listener of the platform is called gateway");
      const transport = createConnectTransport({
        baseUrl,
        httpVersion: "1.1",
        interceptors: [
          (next) => (request) => {
            if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
            return next(request);
          },
        ],
      });
      return createClient(service, transport);
    },
    stop: async () => {
      try {
        await running.stop();
      } finally {
        await remove();
      }
    },
  };
}
