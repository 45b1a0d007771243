import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const script = fileURLToPath(new URL("./service.ts", import.meta.url));

function run(...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...args], (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test("given --help, when it runs, then it names the services and ends well", async () => {
  const { code, out, err } = await run("--help");
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/availability, booking, catalog/);
});

test.each([
  ["no service", [], "availability, booking, catalog"],
  ["a service that does not exist", ["bokking"], "bokking"],
  ["a flag that does not exist", ["booking", "--frehs"], "--frehs"],
])("given %s, when it runs, then it says so in one line and ends with 2", async (_, args, named) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err.trim().split("\n")).toEqual([expect.stringContaining(named)]);
});

test("given a service and --help, when it runs, then the service tells what it reads", async () => {
  const { code, out } = await run("catalog", "--help");
  expect(code).toBe(0);
  expect(out).toContain("DATABASE_URL");
});
