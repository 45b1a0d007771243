import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
export async function startByNpm(options: {
  readonly dataDir: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Started> {
  const begun = performance.now();
  const child = spawn("npm", ["start", "--", "--data", options.dataDir, "--port", String(options.port)], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
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
  const { pid, urls } = JSON.parse(await readFile(join(options.dataDir, "run.json"), "utf8")) as {
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
