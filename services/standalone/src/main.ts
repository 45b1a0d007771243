import { ConfigError } from "@dawr/config";
import { exitCodes, StopError } from "@dawr/runtime";
import { banner } from "./banner.ts";
import { parseFlags, usage } from "./flags.ts";
import { openProgress } from "./progress.ts";
import { StandaloneError } from "./standalone-error.ts";
import { startStandalone } from "./start-standalone.ts";

const stop = new AbortController();
const stopped = new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
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
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    // Nobody knows what state the process is in; everything it has acknowledged is in the database.
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(exitCodes.failed);
  });
}

// Whoever read our output may be gone: that is no reason to leave the database running.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const progress = openProgress((text) => process.stderr.write(text));
try {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help) {
    process.stdout.write(`${usage}\n`);
    process.exit(exitCodes.clean);
  }
  const options = { given: process.env, doing: progress.doing, stop: stop.signal };
  const platform = await startStandalone(flags, options).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
    process.exit(exitCodes.clean);
  });
  progress.done();
  process.stdout.write(banner(platform, flags.demo, performance.now() / 1000));
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
