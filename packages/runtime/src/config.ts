import {
  ConfigError,
  type ConfigProblem,
  type ConfigShape,
  type ConfigValues,
  databaseUrlField,
  durationField,
  type Env,
  flagField,
  integerField,
  offsetField,
  parseConfig,
  portField,
  textField,
} from "@dawr/config";
import { parseTelemetryConfig, telemetryConfig } from "@dawr/telemetry";
import type { ServiceDefinition } from "./service.ts";

const second = (count: number) => Temporal.Duration.from({ seconds: count });

/** The variables of a process, whatever runs in it. */
export const processConfig = {
  HOST: textField().describe("address that ports are opened on").default("0.0.0.0"),
  METRICS_PORT: portField().describe("port of /healthz, /readyz and /metrics").default(9464),
  WORKLOAD_KEY_FILE: textField().describe("file of the key that services prove themselves to each other with"),
  CREATE_KEYS: flagField()
    .describe("make key files that are not there; for one machine only, since replicas must share them")
    .default(false),
  STOP_LIMIT: durationField().describe("how long a stop may take").default(second(25)),
  DRAIN_DELAY: durationField()
    .describe("from unready to closed ports, for load balancers to notice")
    .default(second(0)),
  CLOCK_OFFSET: offsetField().describe("moves the platform's clock, in drills").default(second(0)),
};

/** The variables of a service that is run alone, besides those of a process. */
export const aloneConfig = {
  GRPC_PORT: portField().describe("port of the service's calls").default(50_051),
  GRPC_CONNECTION_AGE: durationField()
    .describe("after which a caller is asked to connect anew, so that it learns of new replicas")
    .optional(),
};

/** The variables of every service. */
const serviceConfig = {
  DATA_DIR: textField().describe("folder of the service's own files").optional(),
};

/** The variables of a service that has a database, and in it what only keys can read. */
const databaseConfig = {
  KEY_FILE: textField().describe("file of the keys that encrypt personal data"),
  DATABASE_URL: databaseUrlField().describe("the database, with the service's role"),
  MIGRATION_DATABASE_URL: databaseUrlField()
    .describe("the same with the role that migrates; without it somebody else must have migrated")
    .optional(),
  DATABASE_CONNECTIONS: integerField(2, 100).describe("most connections for calls and events").default(10),
};

export type ProcessSettings = ConfigValues<typeof processConfig>;
export type DatabaseSettings = ConfigValues<typeof databaseConfig>;
export type ServiceSettings = {
  readonly dataDir: string | undefined;
  readonly database: DatabaseSettings | undefined;
  readonly own: ConfigValues<ConfigShape>;
};

/** Everything that a service reads when it is run alone, for --help. */
export function wholeShape(definition: ServiceDefinition): ConfigShape {
  return {
    ...definition.config,
    ...(hasDatabase(definition) ? databaseConfig : {}),
    ...serviceConfig,
    ...aloneConfig,
    ...processConfig,
    ...telemetryConfig,
  };
}

/** Reads the settings of one service. Throws ConfigError. */
function serviceSettings(definition: ServiceDefinition, env: Env): ServiceSettings {
  const shape = { ...definition.config, ...(hasDatabase(definition) ? databaseConfig : {}), ...serviceConfig };
  parseConfig(shape, env);
  return {
    own: parseConfig(definition.config, env),
    dataDir: parseConfig(serviceConfig, env).DATA_DIR,
    database: hasDatabase(definition) ? parseConfig(databaseConfig, env) : undefined,
  };
}

/**
 * Reads the settings of the process and of all its services; throws one ConfigError with everything that is wrong, also with
 * what `alsoChecked` names.
 */
export function allSettings(
  units: readonly { readonly definition: ServiceDefinition; readonly env: Env }[],
  env: Env,
  alsoChecked: ConfigShape,
): { readonly process: ProcessSettings; readonly services: ReadonlyMap<string, ServiceSettings> } {
  const found = new Map<string, { readonly problem: ConfigProblem; readonly services: string[] }>();
  const note = (service: string | undefined, problems: readonly ConfigProblem[]) => {
    for (const problem of problems) {
      const key = JSON.stringify(problem);
      const known = found.get(key) ?? { problem, services: [] };
      if (service !== undefined) known.services.push(service);
      found.set(key, known);
    }
  };
  function attempt<T>(service: string | undefined, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      note(service, error.problems);
      return undefined;
    }
  }
  const ofProcess = attempt(undefined, () => parseConfig(processConfig, env));
  attempt(undefined, () => parseTelemetryConfig(env));
  attempt(undefined, () => parseConfig(alsoChecked, env));
  const services = new Map<string, ServiceSettings>();
  for (const { definition, env: own } of units) {
    const settings = attempt(definition.name, () => serviceSettings(definition, own));
    if (settings !== undefined) services.set(definition.name, settings);
  }
  if (found.size > 0 || ofProcess === undefined)
    throw new ConfigError(
      [...found.values()].map(({ problem, services: whose }) =>
        units.length === 1 || whose.length === 0 || whose.length === units.length
          ? problem
          : { ...problem, name: `${problem.name} (${whose.join(", ")})` },
      ),
    );
  return { process: ofProcess, services };
}

function hasDatabase(definition: ServiceDefinition): boolean {
  return definition.migrations !== undefined;
}
