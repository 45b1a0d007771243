import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import pg from "pg";

describe("startTestServer", () => {
  test("given a run that was killed, when the next one starts, then the first one's server and folder are removed", async () => {
    const killed = await startRun();
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    expect(await answers(killed.url)).toBe(true);

    const next = await startRun();
    expect(await answers(killed.url)).toBe(false);
    expect(existsSync(killed.folder)).toBe(false);
    expect(await answers(next.url)).toBe(true);
    next.child.kill("SIGTERM");
    await once(next.child, "exit");
    expect(await answers(next.url)).toBe(false);
    expect(existsSync(next.folder)).toBe(false);
  });
});

async function startRun() {
  const file = new URL("./embedded-server.ts", import.meta.url).href;
  const script = `
    const { startTestServer } = await import(${JSON.stringify(file)});
    console.log((await startTestServer()).url);
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  const url = String(line).trim();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ data_directory: string }>("show data_directory");
  await client.end();
  return { child, url, folder: rows[0]?.data_directory ?? "" };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
