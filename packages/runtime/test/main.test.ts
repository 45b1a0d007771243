import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Env } from "@dawr/config";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld(["testing"]);
});
afterAll(() => world.close());

const fixture = fileURLToPath(new URL("main-fixture.ts", import.meta.url));

function run(env: Env, ...args: readonly string[]) {
  const child = spawn(process.execPath, [fixture, ...args], { env: { PATH: process.env.PATH, ...env } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
  return {
    child,
    ended,
    isReady: () => eventually(() => expect(out).toContain('"state":"ready"'), { timeoutMs: 20_000 }),
  };
}

const whole = () => ({ ...world.env, ...world.services.testing });

describe("main", () => {
  test("given --help, when it runs, then every variable is told, and nothing starts", async () => {
    const { code, out, err } = await run({}, "--help").ended;
    expect([code, err]).toEqual([0, ""]);
    for (const name of ["HOLD", "DATABASE_URL", "KEY_FILE", "GRPC_PORT", "METRICS_PORT", "LOG_LEVEL", "STOP_LIMIT"])
      expect(out).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(out).toContain(
      "how long a thing is held; a duration such as PT15M, 250ms, 30s, 15m, 4h or 30d; default PT15M",
    );
  });

  test("given an unknown flag, when it runs, then it says so and exits with 2", async () => {
    const { code, err } = await run({}, "--frehs").ended;
    expect([code, err]).toEqual([2, "--frehs: unknown; --help tells what there is\n"]);
  });

  test("given a wrong environment, when it runs, then all problems are told without a stack and it exits with 2", async () => {
    const { code, err } = await run({ HOLD: "soon", GRPC_PORT: "x", METRICS_PORT: "y" }).ended;
    expect(code).toBe(2);
    for (const name of ["HOLD", "DATABASE_URL", "KEY_FILE", "WORKLOAD_KEY_FILE", "GRPC_PORT", "METRICS_PORT"])
      expect(err).toContain(`  ${name}: expected`);
    expect(err).not.toMatch(/\n +at /);
  });

  test("given key files in folders that are not there, when it runs, then it makes them and says where it listens", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dawr-main-"));
    const files = { KEY_FILE: join(folder, "a", "keys.json"), WORKLOAD_KEY_FILE: join(folder, "b", "c", "workload") };
    const { child, ended, isReady } = run({ ...whole(), ...files });
    await isReady();
    child.kill("SIGTERM");
    const { out } = await ended;
    const ready = out.split("\n").find((line) => line.includes('"state":"ready"')) ?? "";
    expect(JSON.parse(ready)).toMatchObject({
      urls: { grpc: expect.stringMatching(/:[1-9]\d*$/), metrics: expect.stringMatching(/:[1-9]\d*$/) },
    });
    for (const file of Object.values(files)) expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "b"))).mode & 0o777).toBe(0o700);
    await rm(folder, { recursive: true });
  });

  test("given a service that runs, when it gets SIGTERM, then it stops in order and exits with 0", async () => {
    const { child, ended, isReady } = run(whole());
    await isReady();
    child.kill("SIGTERM");
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(out.trim().split("\n").at(-1)).toContain('"state":"closed"');
  });

  test("given an exception that nobody caught, when it is thrown, then it is logged and the process exits with 1", async () => {
    const { child, ended, isReady } = run(whole());
    await isReady();
    child.kill("SIGUSR2");
    const { code, out } = await ended;
    expect(code).toBe(1);
    expect(out).toContain("nobody expected this");
  });

  test("given a service that was killed, when it runs again, then it starts", async () => {
    const first = run(whole());
    await first.isReady();
    first.child.kill("SIGKILL");
    await first.ended;
    const second = run(whole());
    await second.isReady();
    second.child.kill("SIGINT");
    expect((await second.ended).code).toBe(0);
  });
});
