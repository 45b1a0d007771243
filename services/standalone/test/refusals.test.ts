import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const mainFile = fileURLToPath(new URL("../src/main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dawr-refusals-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Ended = { readonly code: number; readonly lines: readonly string[] };

const start = (...flags: string[]): Promise<Ended> => run(flags, {});

function run(flags: readonly string[], given: Readonly<Record<string, string>>): Promise<Ended> {
  const args = ["--disable-warning=ExperimentalWarning", mainFile, ...flags];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { ...process.env, ...given } }, (error, _, stderr) => {
      const code = typeof error?.code === "number" ? error.code : 0;
      resolve({ code, lines: stderr.split("\n").filter((line) => line !== "" && !line.startsWith("  … ")) });
    });
  });
}

test("given a flag that does not exist, when it is started, then it says so in one line and ends with an error", async () => {
  const { code, lines } = await start("--colour");
  expect(code).toBe(2);
  expect(lines).toEqual([expect.stringContaining("--colour")]);
});

test("given a flag that npm kept for itself, when it is started, then it says how to give it", async () => {
  const { code, lines } = await run(["8090"], { npm_lifecycle_event: "start", npm_config_port: "true" });
  expect(code).toBe(2);
  expect(lines).toEqual([expect.stringContaining("npm start -- --port 8090")]);
});

test("given a port that is taken, when it is started, then it says so in one line and leaves no folder behind", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, resolve));
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { code, lines } = await start("--port", String(port), "--data", join(folder, "none"));
  await new Promise((resolve) => taken.close(resolve));
  expect(code).not.toBe(0);
  expect(lines).toEqual([expect.stringContaining(`port ${port}`)]);
});

test("given a data folder below a file, when it is started, then it says in one line that it cannot be written", async () => {
  await writeFile(join(folder, "a-file"), "");
  const { code, lines } = await start("--port", "0", "--data", join(folder, "a-file", "below"));
  expect(code).not.toBe(0);
  expect(lines).toEqual([expect.stringContaining("cannot write the data folder")]);
});

test("given a database that cannot be reached, when it is started, then it says so in one line", async () => {
  const { code, lines } = await start(
    "--port",
    "0",
    "--data",
    join(folder, "data"),
    "--database-url",
    "postgres://nobody:secret@127.0.0.1:1/none",
  );
  expect(code).not.toBe(0);
  expect(lines).toEqual([expect.stringContaining("the database cannot be used")]);
  expect(lines.join()).not.toContain("secret");
});
