import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Urls } from "./platform-client.ts";

const mainFile = fileURLToPath(new URL("../../services/standalone/src/main.ts", import.meta.url));

/** A standalone platform in a process of its own, on a data folder that it leaves behind when it is killed. */
export type OwnPlatform = {
  readonly urls: Urls;
  readonly pid: number;
  readonly startMs: number;
  /** Resolves when the process has ended, with its exit code (or null after a signal). */
  readonly ended: Promise<number | null>;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Stops it as Ctrl-C does. */
  stop(): Promise<void>;
};

/** Starts a platform as `npm start` does and waits until it says that it is ready. */
export async function startOwnPlatform(options: {
  readonly dataDir: string;
  readonly port: number;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<OwnPlatform> {
  const begun = performance.now();
  const { dataDir, port, flags = [], env = {} } = options;
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", mainFile, "--data", dataDir, "--port", String(port), ...flags],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  // Whoever started it may fail: a platform that nobody looks after any more stops by itself.
  const stopWithUs = (): void => void child.kill("SIGTERM");
  process.once("exit", stopWithUs);
  void ended.then(() => process.off("exit", stopWithUs));
  let output = "";
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      if (output.includes("Dawr is ready")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then((code) => reject(new Error(`the platform ended with ${code}:\n${output.slice(-4_000)}`)));
  });
  await ready;
  return {
    urls: { gateway: `http://localhost:${port}`, sandbox: `http://localhost:${port + 1}` },
    pid: child.pid ?? 0,
    startMs: performance.now() - begun,
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      const code = await ended;
      if (code !== 0) throw new Error(`the platform stopped with ${code}:\n${output.slice(-4_000)}`);
    },
  };
}

/** A new folder for a platform's data, which PostgreSQL may enter even when we are root; answers how to remove it too. */
export async function temporaryDataDir(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "dawr-"));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A port with the three after it free at this moment. */
export async function freePortRange(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all([0, 1, 2, 3].map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
  throw new Error("no four free ports in a row");
}

/** The platform that runs on a data folder, when one does. */
export async function runningPlatform(dataDir: string): Promise<Urls | undefined> {
  const text = await readFile(join(dataDir, "run.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { urls } = JSON.parse(text) as { readonly urls: Urls };
  const answer = await fetch(`${urls.gateway}/healthz`).catch(() => undefined);
  return answer?.ok === true ? urls : undefined;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, () => resolve(true));
  });
  const free = await listening;
  if (free) await new Promise((closed) => server.close(closed));
  return free;
}
