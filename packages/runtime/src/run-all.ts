import type { Env } from "@dawr/config";
import { type Bus, inProcessBus } from "@dawr/events";
import { memoryCaller } from "@dawr/rpc";
import { type Running, type RunOptions, startPlatform } from "./platform.ts";
import type { ServiceDefinition } from "./service.ts";
import { version } from "./version.ts";

export type RunAllOptions = RunOptions & {
  /** The environment of the process and of every service. */
  readonly env: Env;
  /** Variables of single services, laid over it: their databases, their own settings. */
  readonly services?: Readonly<Record<string, Env>>;
  /** True when no other process works on the same databases, and so none has to be woken by what this one commits. */
  readonly isAlone?: boolean;
  /** How events travel; within the process unless told. */
  readonly bus?: Bus;
};

/** Runs all services in one process: calls in memory, events within the process, one port for metrics. */
export function runAll(definitions: readonly ServiceDefinition[], options: RunAllOptions): Promise<Running> {
  const { env: given, services = {}, bus, isAlone = false, ...rest } = options;
  // Here all run in one place, so that keys which are not there yet can be made.
  const env = { CREATE_KEYS: "true", ...given };
  return startPlatform(
    {
      name: "dawr",
      version,
      env,
      config: {},
      isAlone,
      units: definitions.map((definition) => ({ definition, env: { ...env, ...services[definition.name] } })),
      bus: ({ log, now }) => bus ?? inProcessBus({ log, now }),
      callerOf: (service, _issuer, _own, all) => memoryCaller(all, { workload: service }),
      listeners: () => [],
    },
    rest,
  );
}
