import { spawn } from "node:child_process";
import type { RunAs } from "./binaries.ts";

/**
 * Runs a program to its end, in a process group of its own: Ctrl-C at a terminal is for us, who wait for the program. A
 * pg_ctl that is interrupted leaves behind a server that nobody knows of. Throws with what it wrote on standard error.
 */
export async function runApart(file: string, args: readonly string[], { uid, gid }: RunAs, cwd: string): Promise<void> {
  const child = spawn(file, args, {
    cwd,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const { promise, resolve, reject } = Promise.withResolvers<string | number | null>();
  child.once("error", reject);
  child.once("close", (code, signal) => resolve(code ?? signal));
  const end = await promise;
  if (end !== 0) throw new Error(said.trim() === "" ? `${file} ended with ${end}` : said);
}
