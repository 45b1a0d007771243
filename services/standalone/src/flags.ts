import { parseArgs } from "node:util";
import { StandaloneError } from "./standalone-error.ts";

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

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** The flags as a person reads them. */
export const usage = `npm start -- [flags]

  --data DIR          where everything is kept (.dawr)
  --port N            the gateway's port (8080); the sandbox, metrics and SMTP take the ports after it
  --fresh             throw the kept state away first
  --no-demo           start without the demo market
  --database-url URL  use this PostgreSQL, as a role that may create roles, in place of the embedded one
  --log-level LEVEL   ${logLevels.join(", ")} (error)
  --help              this`;

/** Reads the command line; throws a StandaloneError that names what is wrong with it. */
export function parseFlags(argv: readonly string[]): Flags {
  const { values } = readArguments(argv);
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_531) {
    throw new StandaloneError(`--port wants a number from 0 to 65531, not "${values.port}"`);
  }
  if (!logLevels.includes(values["log-level"])) {
    throw new StandaloneError(`--log-level wants one of ${logLevels.join(", ")}, not "${values["log-level"]}"`);
  }
  const databaseUrl = values["database-url"];
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new StandaloneError("--database-url wants a URL that starts with postgres://");
  }
  if (values.fresh && databaseUrl !== undefined) {
    throw new StandaloneError(
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

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      options: {
        data: { type: "string", default: ".dawr" },
        port: { type: "string", default: "8080" },
        fresh: { type: "boolean", default: false },
        "no-demo": { type: "boolean", default: false },
        "database-url": { type: "string" },
        "log-level": { type: "string", default: "error" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    const line = cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause);
    throw new StandaloneError(`${line}; --help lists the flags`, { cause });
  }
}
