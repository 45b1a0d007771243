import { ConfigError } from "@dawr/config";
import { createLogger, type Logger } from "@dawr/telemetry";
import { helpOf } from "./help.ts";
import { type Running, StartError } from "./platform.ts";
import { runService } from "./run-service.ts";
import type { ServiceDefinition } from "./service.ts";

/** Exit codes: a clean stop, something that went wrong, and a command line or environment that cannot work. */
export const exitCodes = { clean: 0, failed: 1, usage: 2 } as const;

/** Runs a service alone until a signal stops it: what each service's main.ts calls. */
export async function main(definition: ServiceDefinition): Promise<void> {
  const [first, ...others] = process.argv.slice(2);
  if (first === "--help" && others.length === 0) {
    process.stdout.write(helpOf(definition));
    return;
  }
  if (first !== undefined) return exit(exitCodes.usage, `${first}: unknown; --help tells what there is\n`);
  await runUntilSignal(() => runService(definition, process.env));
}

/**
 * Starts a platform and keeps it until SIGTERM or SIGINT, which stops it cleanly; a second signal ends the process at
 * once, and so does an exception that nobody caught. A start that fails is told in a few lines without a stack. Ends
 * the process with one of the exit codes.
 */
export async function runUntilSignal(start: () => Promise<Running>): Promise<void> {
  let log: Logger = createLogger({ service: "dawr", level: "info" });
  // What the process does after an exception that nobody caught is anybody's guess: it ends, and everything it had
  // acknowledged is in the database.
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, "an exception was not caught; the process ends");
      process.exit(exitCodes.failed);
    });

  const signal = firstSignal();
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    if (error instanceof ConfigError) return exit(exitCodes.usage, `${error.message}\n`);
    if (error instanceof StartError) return exit(exitCodes.failed, `${error.message}\n`);
    throw error;
  }
  log = running.log;
  log.info({ signal: await signal }, "stopping");
  try {
    await running.stop();
  } catch (error) {
    log.error({ err: error }, "the stop was not clean");
    return exit(exitCodes.failed);
  }
  exit(exitCodes.clean);
}

/** Resolves at the first signal to stop; at the second one the process ends. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const [signal, code] of [
      ["SIGTERM", 143],
      ["SIGINT", 130],
    ] as const)
      process.on(signal, () => {
        if (asked) process.exit(code);
        asked = true;
        resolve(signal);
      });
  });
}

function exit(code: number, message = ""): void {
  process.stderr.write(message);
  process.exit(code);
}
