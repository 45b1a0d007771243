import { ConfigError, type Env } from "@dawr/config";
import { exitCodes, StopError } from "@dawr/runtime";
import { banner } from "./banner.ts";
import { unreadIn } from "./environment.ts";
import type { Flags } from "./flags.ts";
import { openProgress } from "./progress.ts";
import { StandaloneError } from "./standalone-error.ts";
import { startStandalone } from "./start-standalone.ts";

/** Runs a platform until a signal stops it, tells the person at the keyboard how it goes, and ends the process. */
export async function runStandalone(flags: Flags, given: Env): Promise<void> {
  const stop = awaitSignal();
  const stopped = new Promise((resolve) => stop.addEventListener("abort", resolve));
  endOnUncaught();
  // Whoever read our output may be gone: that is no reason to leave the database running.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

  const unread = unreadIn(given);
  if (unread !== undefined) process.stderr.write(`dawr: ${unread}\n`);
  const progress = openProgress((text) => process.stderr.write(text));
  try {
    const platform = await startStandalone(flags, { given, doing: progress.doing, stop }).catch((error: unknown) => {
      if (!stop.aborted) throw error;
      process.exit(exitCodes.clean);
    });
    progress.done();
    process.stdout.write(banner(platform, flags, performance.now() / 1000));
    await stopped;
    await platform.stop();
    process.exit(exitCodes.clean);
  } catch (error) {
    progress.done();
    const isKnown = error instanceof StandaloneError || error instanceof ConfigError || error instanceof StopError;
    if (!isKnown) throw error;
    process.stderr.write(`dawr: ${error.message}\n`);
    process.exit(error instanceof ConfigError ? exitCodes.usage : exitCodes.failed);
  }
}

/** Aborts at the first signal to stop; at a later one the process ends. */
function awaitSignal(): AbortSignal {
  const stop = new AbortController();
  let firstSignalMs: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive twice, through the terminal and through npm: only a later one means "at once".
      if (firstSignalMs !== undefined && performance.now() - firstSignalMs > 1_000) process.exit(exitCodes.failed);
      if (firstSignalMs === undefined) process.stdout.write("stopping …\n");
      firstSignalMs ??= performance.now();
      stop.abort();
    });
  }
  return stop.signal;
}

function endOnUncaught(): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      // Nobody knows what state the process is in; everything it has acknowledged is in the database.
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(exitCodes.failed);
    });
  }
}
