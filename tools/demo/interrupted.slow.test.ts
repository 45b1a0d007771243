import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "@dawr/testkit";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../../", import.meta.url));

let temporary = "";
const demos: Demo[] = [];

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "dawr-interrupted-"));
  await chmod(temporary, 0o755);
});

afterEach(async () => {
  // A test that failed leaves a demo behind.
  for (const { child, ended } of demos.splice(0)) {
    child.kill("SIGTERM");
    await ended;
  }
  await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
});

test.each([
  ["its platform is loading", "SIGINT", ({ said }) => said().includes("starting one")],
  ["its database is being made", "SIGTERM", ({ has }) => has("postgres/data.new")],
  ["its services are starting", "SIGINT", ({ has }) => has("keys/encryption.json")],
  ["its story is being played", "SIGTERM", ({ said }) => said().includes("she searches")],
] satisfies [string, NodeJS.Signals, (demo: Demo) => boolean][])(
  "given that %s, when the demo gets %s, then nothing is left",
  async (_, signal, isTime) => {
    const demo = play(process.execPath, "tools/demo/main.ts");
    await waitUntil(() => isTime(demo));
    demo.child.kill(signal);
    expect(await demo.ended).toBe(signal === "SIGINT" ? 130 : 143);
    expect(await leftovers()).toEqual([]);
  },
);

test("given npm run demo, when Ctrl-C reaches npm and all that it runs, then nothing is left", async () => {
  const demo = play("npm", "run", "demo", "--");
  await waitUntil(() => demo.has("postgres/data/postmaster.pid"));
  process.kill(-(demo.child.pid ?? 0), "SIGINT");
  expect(await demo.ended).toBe(130);
  expect(await leftovers()).toEqual([]);
});

test("given a demo that is stopping, when somebody insists, then nothing is left", async () => {
  const demo = play(process.execPath, "tools/demo/main.ts");
  await waitUntil(() => demo.said().includes("she searches"));
  const firstMs = performance.now();
  demo.child.kill("SIGINT");
  await waitUntil(() => performance.now() - firstMs > 1_100);
  demo.child.kill("SIGINT");
  expect(await demo.ended).toBe(130);
  expect(await leftovers()).toEqual([]);
});

type Demo = {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said(): string;
  /** Whether the data folder of its platform holds a file. */
  has(file: string): boolean;
};

function play(file: string, ...args: readonly string[]): Demo {
  const child = spawn(file, [...args, "--data", join(temporary, "no platform")], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temporary },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const demo: Demo = {
    child,
    ended: new Promise((resolve) => child.once("exit", resolve)),
    said: () => output,
    has: (name) => readdirSync(temporary).some((folder) => existsSync(join(temporary, folder, name))),
  };
  demos.push(demo);
  return demo;
}

function waitUntil(isTime: () => boolean): Promise<void> {
  return eventually(() => expect(isTime()).toBe(true), { timeoutMs: 60_000 });
}

/** Data folders that are still there, and processes that were told of one. */
async function leftovers(): Promise<readonly string[]> {
  const folders = readdirSync(temporary).filter((name) => name.startsWith("dawr-"));
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,args="]);
  return [...folders, ...stdout.split("\n").filter((line) => line.includes(temporary))];
}
