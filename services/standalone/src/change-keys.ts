import { openRotation } from "./open-rotation.ts";
import { retireKeys, rotateKeys } from "./rotate-keys.ts";
import { StandaloneError } from "./standalone-error.ts";
import { type VisitOptions, visitDatabase } from "./visit-database.ts";

/** Changes the keys of a platform, telling on the way how far it is; a signal ends it after the batch that it is at. */
export async function changeKeys(database: VisitOptions, retire: boolean): Promise<string> {
  const stop = new AbortController();
  let stoppedMs = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive twice, through the terminal and through npm.
      if (performance.now() - stoppedMs > 1_000) process.exit(1);
      stoppedMs = Math.min(stoppedMs, performance.now());
      stop.abort(new StandaloneError("stopped; the next rotate-keys goes on from here"));
    });
  }
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  return await visitDatabase(database, async (visit) => {
    const { rotation, close } = await openRotation(visit, { signal: stop.signal, tell });
    try {
      return `${await (retire ? retireKeys(rotation) : rotateKeys(rotation))}\n`;
    } finally {
      await close();
    }
  });
}
