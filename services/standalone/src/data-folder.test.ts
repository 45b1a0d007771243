import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { openDataFolder, refuseSecond } from "./data-folder.ts";
import { writeRunFile } from "./run-file.ts";

let folder = "";
let other: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dawr-folder-"));
  // What counts is that a process lives whose command line is one of ours.
  other = spawn(process.execPath, ["-e", "process.stdin.resume()", "standalone"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
});

afterEach(async () => {
  other.kill();
  await rm(folder, { recursive: true });
});

const url = (port: number) => `http://localhost:${port}`;
const urls = { gateway: url(1), sandbox: url(2), mailbox: url(3), smtp: url(4), metrics: url(5) };

describe("given a folder that another process has, when it is opened", () => {
  test("then it is refused with the process and the address of the platform that runs there", async () => {
    const pid = other.pid ?? 0;
    await writeFile(join(folder, "dawr.pid"), `${pid}\n`);
    await writeRunFile(join(folder, "run.json"), { pid, urls });
    for (const refused of [refuseSecond(folder), openDataFolder(folder, true)])
      await expect(refused).rejects.toThrow(new RegExp(`process ${pid}, ${urls.gateway}\\)`));
    expect(await readFile(join(folder, "dawr.pid"), "utf8")).toBe(`${pid}\n`);
  });

  test("then an address that an earlier process has left is not told", async () => {
    const pid = other.pid ?? 0;
    await writeFile(join(folder, "dawr.pid"), `${pid}\n`);
    await writeRunFile(join(folder, "run.json"), { pid: pid + 1, urls });
    await expect(refuseSecond(folder)).rejects.toThrow(new RegExp(`process ${pid}\\)`));
  });
});

describe("given a folder whose process is gone, when it is opened", () => {
  test.each([
    ["a number", "2147483646\n"],
    ["half a line", ""],
  ])("then it is ours, though %s is left", async (_, left) => {
    await mkdir(join(folder, "keys"));
    await writeFile(join(folder, "dawr.pid"), left);
    await expect(refuseSecond(folder)).resolves.toBeUndefined();
    const { release } = await openDataFolder(folder, false);
    expect(await readFile(join(folder, "dawr.pid"), "utf8")).toBe(`${process.pid}\n`);
    await release();
    await expect(readFile(join(folder, "dawr.pid"))).rejects.toThrow("ENOENT");
  });
});

describe("given a folder that cannot be had, when it is opened", () => {
  test.each([
    ["below a file", () => join(folder, "a-file", "below")],
    ["that is a file", () => join(folder, "a-file")],
    [
      "on a file system without folders of ours",
      () => (process.platform === "linux" ? "/proc/dawr/deep" : "/dev/null/dawr"),
    ],
  ])("then one %s is called one that cannot be written", async (_, path) => {
    await writeFile(join(folder, "a-file"), "");
    await expect(openDataFolder(path(), false)).rejects.toThrow(/^cannot write the data folder [^\n]+$/);
  });

  test.each([false, true])("then one with somebody's files stays as it is, fresh (%s) or not", async (fresh) => {
    await mkdir(join(folder, "keys"));
    await writeFile(join(folder, "keys", "ssh-key"), "precious");
    await expect(openDataFolder(folder, fresh)).rejects.toThrow(/holds other files[^\n]+$/);
    expect([await readdir(folder), await readdir(join(folder, "keys"))]).toEqual([["keys"], ["ssh-key"]]);
  });
});
