import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { access, constants, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readRunFile } from "./run-file.ts";
import { StandaloneError } from "./standalone-error.ts";

/** Where a standalone platform keeps everything. */
export type DataFolder = {
  readonly path: string;
  readonly postgres: string;
  readonly keyFile: string;
  readonly workloadKeyFile: string;
  /** Where others read which ports are in use. */
  readonly runFile: string;
  /** What passwords on this machine are derived from. */
  readonly secret: Buffer;
  /** Lets the next process have the folder. */
  release(): Promise<void>;
};

/** Opens the folder for this process alone, making it first when it is new; `fresh` throws away what it holds. */
export async function openDataFolder(path: string, fresh: boolean): Promise<DataFolder> {
  const root = resolve(path);
  await writable(root);
  await refuseSecond(root);
  await refuseForeign(root);
  await take(root);
  if (fresh) await emptied(root);
  await mkdir(join(root, "keys"), { recursive: true, mode: 0o700 });
  return await folderAt(root, async () => {
    await Promise.all([runFileIn(root), lockFileIn(root)].map((file) => rm(file, { force: true })));
  });
}

/** Refuses a folder that another process has, telling where the platform on it is. */
export async function refuseSecond(path: string): Promise<void> {
  const root = resolve(path);
  const pid = await holderOf(lockFileIn(root));
  if (pid === undefined) return;
  const run = await readRunFile(runFileIn(root));
  const where = run?.pid === pid ? `, ${run.urls.gateway}` : "";
  throw new StandaloneError(
    `Dawr is at work on ${root} already (process ${pid}${where}); stop it, or give another folder with --data`,
  );
}

/** Looks into the folder of a platform that runs in another process, without taking it; undefined when none runs on it. */
export async function visitDataFolder(path: string): Promise<DataFolder | undefined> {
  const root = resolve(path);
  const isRunning = (await holderOf(lockFileIn(root))) !== undefined;
  return isRunning ? await folderAt(root, async () => undefined) : undefined;
}

const lockFileIn = (root: string): string => join(root, "dawr.pid");
const runFileIn = (root: string): string => join(root, "run.json");

async function folderAt(root: string, release: () => Promise<void>): Promise<DataFolder> {
  const keys = join(root, "keys");
  return {
    path: root,
    postgres: join(root, "postgres"),
    keyFile: join(keys, "encryption.json"),
    workloadKeyFile: join(keys, "workload"),
    runFile: runFileIn(root),
    secret: await secretOf(join(keys, "passwords")),
    release,
  };
}

async function writable(root: string): Promise<void> {
  try {
    await made(root);
    if (!(await stat(root)).isDirectory()) throw new Error("a file stands there");
    await access(root, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new StandaloneError(`cannot write the data folder ${root}`, { cause });
  }
}

const ourNames: ReadonlySet<string> = new Set(["keys", "postgres", "run.json", "dawr.pid"]);

/** A folder with anything in it but ours is somebody else's: nothing is put into it, and nothing taken away. */
async function refuseForeign(root: string): Promise<void> {
  const keyFolder = join(root, "keys");
  const names = await readdir(root);
  const keys = existsSync(keyFolder) ? await readdir(keyFolder) : [];
  const isUnfinished = keys.length === 0 && names.every((name) => ourNames.has(name));
  if (!isUnfinished && !keys.includes("passwords"))
    throw new StandaloneError(`${root} holds other files; give an empty folder, or a new one, with --data`);
}

/** Makes a folder and those above it; where Node does so by itself it tries for ever on file systems like /proc. */
async function made(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = codeOf(error);
    const isParentMissing = code === "ENOENT" && dirname(folder) !== folder && !existsSync(dirname(folder));
    if (isParentMissing) {
      await made(dirname(folder));
      await mkdir(folder);
    } else if (code !== "EEXIST") throw error;
  }
}

/** Of two that start at the same moment, one has the folder. */
async function take(root: string): Promise<void> {
  const lockFile = lockFileIn(root);
  for (;;) {
    try {
      await writeFile(lockFile, `${process.pid}\n`, { flag: "wx" });
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    await refuseSecond(root);
    // Whoever left it lives no more.
    await rm(lockFile, { force: true });
  }
}

/** The process of a platform that runs on the folder; undefined when none does. */
async function holderOf(lockFile: string): Promise<number | undefined> {
  const pid = Number((await readFile(lockFile, "utf8").catch(() => "")).trim());
  return pid > 0 && pid !== process.pid && (await isDawr(pid)) ? pid : undefined;
}

/** Whether a process lives and may be one of ours: after a crash its number may belong to something else by now. */
async function isDawr(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process lives, too.
    if (codeOf(error) !== "EPERM") return false;
  }
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "standalone");
  return command.includes("standalone");
}

async function emptied(root: string): Promise<void> {
  for (const name of ["keys", "run.json", "postgres"]) await rm(join(root, name), { recursive: true, force: true });
}

async function secretOf(file: string): Promise<Buffer> {
  await writeFile(file, randomBytes(32).toString("base64"), { flag: "wx", mode: 0o600 }).catch((error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw error;
  });
  return Buffer.from(await readFile(file, "utf8"), "base64");
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
