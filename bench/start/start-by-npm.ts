import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ground } from "../../tools/journey/own-ground.ts";
import type { Urls } from "../../tools/journey/platform-client.ts";

/** A platform that `npm start` started. */
export type Started = {
  readonly startMs: number;
  /** The platform's own process, not npm's. */
  readonly pid: number;
  readonly urls: Urls;
  stop(): Promise<void>;
};

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `npm start` as a person does, and waits until it says that the platform is ready. */
export async function startByNpm(ground: Ground, env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const begun = performance.now();
  const { dataDir, port } = ground;
  const args = ["start", "--", "--data", dataDir, "--port", String(port)];
  const { child, ended } = ground.spawn("npm", args, { env, cwd: root });
  let output = "";
  const startMs = await new Promise<number>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      if (output.includes("Dawr is ready")) resolve(performance.now() - begun);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then((code) => reject(new Error(`npm start ended with ${code}:\n${output.slice(-4_000)}`)));
  });
  const { pid, urls } = JSON.parse(await readFile(join(dataDir, "run.json"), "utf8")) as {
    readonly pid: number;
    readonly urls: Urls;
  };
  return {
    startMs,
    pid,
    urls,
    async stop() {
      process.kill(pid, "SIGTERM");
      const code = await ended;
      if (code !== 0) throw new Error(`npm start stopped with ${code}:\n${output.slice(-4_000)}`);
    },
  };
}
