import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Stops the embedded PostgreSQL that a killed platform left running on a data folder, where there is one: after its
 * transactions have been written down, or at once.
 */
export async function stopDatabase(dataDir: string, atOnce: AbortSignal): Promise<void> {
  const data = join(dataDir, "postgres", "data");
  const pidFile = join(data, "postmaster.pid");
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
  if (!(pid > 0) || !(await isServerOf(pid, data))) return;
  // PostgreSQL's own signals: SIGINT is a fast shutdown, SIGQUIT an immediate one.
  if (!atOnce.aborted && (await hasEnded("SIGINT", 20_000, atOnce))) return;
  if (!(await hasEnded("SIGQUIT", 5_000))) process.kill(pid, "SIGKILL");

  /** It takes its file away as the last thing it does. */
  async function hasEnded(signal: NodeJS.Signals, limitMs: number, stop?: AbortSignal): Promise<boolean> {
    process.kill(pid, signal);
    const until = performance.now() + limitMs;
    while (existsSync(pidFile) && performance.now() < until && stop?.aborted !== true) await delay(20);
    return !existsSync(pidFile);
  }
}

/** Whether the number that a file names is still that server's: it may belong to something else by now. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => data);
  return command.includes(data);
}
