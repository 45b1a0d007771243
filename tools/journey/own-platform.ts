import { fileURLToPath } from "node:url";
import type { Ground } from "./own-ground.ts";
import type { Urls } from "./platform-client.ts";

const mainFile = fileURLToPath(new URL("../../services/standalone/src/main.ts", import.meta.url));

/** A standalone platform in a process of its own, on a data folder that it leaves behind when it is killed. */
export type OwnPlatform = {
  readonly urls: Urls;
  readonly startMs: number;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Stops it as Ctrl-C does. */
  stop(): Promise<void>;
};

/** Starts a platform on a ground as `npm start` does and waits until it says that it is ready. */
export async function startOwnPlatform(
  ground: Ground,
  env: Readonly<Record<string, string>> = {},
): Promise<OwnPlatform> {
  const begun = performance.now();
  const { dataDir, port } = ground;
  const flags = ["--data", dataDir, "--port", String(port)];
  const { child, ended } = ground.spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", mainFile, ...flags],
    { env },
  );
  let output = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      if (output.includes("Dawr is ready")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then((code) => reject(new Error(`the platform ended with ${code}:\n${output.slice(-4_000)}`)));
  });
  return {
    urls: { gateway: `http://localhost:${port}`, sandbox: `http://localhost:${port + 1}` },
    startMs: performance.now() - begun,
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
