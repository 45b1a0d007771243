import type { Env } from "@dawr/config";
import { CommandLineError, readCommandLine } from "@dawr/config/command-line";

/** What the command line asks for. */
export type Flags = {
  /** The folder that keeps all state. */
  readonly dataDir: string;
  /** The gateway's port; 0 takes any free one, and so for the ports beside it. */
  readonly port: number;
  /** Throw away what the folder holds and start anew. */
  readonly fresh: boolean;
  readonly demo: boolean;
  /** A PostgreSQL to use in place of the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly logLevel: string;
  readonly help: boolean;
};

/** Where everything is kept, unless told. */
export const defaultDataDir = ".dawr";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** The flags as a person reads them. */
export const usage = `npm start -- [flags]

  --data DIR          where everything is kept (${defaultDataDir})
  --port N            the gateway's port (8080); the sandbox, metrics and SMTP take the ports after it
  --fresh             throw the kept state away first
  --no-demo           start without the demo market
  --database-url URL  use this PostgreSQL, as a role that may create roles, in place of the embedded one
  --log-level LEVEL   ${logLevels.join(", ")} (error)
  --help              this`;

/** Reads the command line; throws a CommandLineError that names what is wrong with it. */
export function parseFlags(argv: readonly string[], env: Env): Flags {
  const { values } = readCommandLine(
    {
      data: { type: "string", default: defaultDataDir },
      port: { type: "string", default: "8080" },
      fresh: { type: "boolean", default: false },
      "no-demo": { type: "boolean", default: false },
      "database-url": { type: "string" },
      "log-level": { type: "string", default: "error" },
      help: { type: "boolean", short: "h", default: false },
    },
    { argv, env },
  );
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_531) {
    throw new CommandLineError(`--port wants a number from 0 to 65531, not "${values.port}"`);
  }
  if (!logLevels.includes(values["log-level"])) {
    throw new CommandLineError(`--log-level wants one of ${logLevels.join(", ")}, not "${values["log-level"]}"`);
  }
  const databaseUrl = values["database-url"];
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new CommandLineError("--database-url wants a URL that starts with postgres://");
  }
  if (values.fresh && databaseUrl !== undefined) {
    throw new CommandLineError(
      "--fresh throws a data folder away, keys included, but not the database of --database-url",
    );
  }
  return {
    dataDir: values.data,
    port,
    fresh: values.fresh,
    demo: !values["no-demo"],
    databaseUrl,
    logLevel: values["log-level"],
    help: values.help,
  };
}
