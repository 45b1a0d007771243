import { type ChildProcessByStdio, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { stopDatabase } from "./stop-database.ts";

/** A temporary data folder and ports for platforms of our own, and what runs on them. */
export type Ground = {
  readonly dataDir: string;
  /** Was free when the ground was made, like the three after it. */
  readonly port: number;
  /** Starts a program that ends with the ground at the latest. */
  spawn(file: string, args: readonly string[], surroundings: Surroundings): Program;
};

type Surroundings = {
  /** Besides this process's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

/** A program that runs on a ground. */
type Program = {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when it has ended, with its exit code (or null after a signal). */
  readonly ended: Promise<number | null>;
};

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How long a program may take to stop by itself: more than a platform's own limit. */
const stopLimitMs = 40_000;
/** The same when somebody waits for it: a platform in the midst of its start stops after the step that it is at. */
const interruptedLimitMs = 8_000;

/**
 * Does work on a ground of its own; whatever still runs there afterwards is stopped, PostgreSQL included, and the folder
 * removed unless it is to be kept. Ctrl-C and SIGTERM do the same and end this process; a second one does it at once.
 */
export async function onOwnGround<T>(work: (ground: Ground) => Promise<T>, { keep = false } = {}): Promise<T> {
  // Before there is anything to leave behind.
  const interruption = awaitInterruption();
  const programs = new Set<Program>();
  const port = await freePortRange();
  const dataDir = await temporaryDataDir();
  const ground: Ground = {
    dataDir,
    port,
    spawn(file, args, surroundings) {
      // Work that goes on while its ground is being cleared must not put anything new on it.
      if (interruption.signal() !== undefined) throw new Error("interrupted");
      const program = spawnApart(file, args, surroundings);
      programs.add(program);
      void program.ended.then(() => programs.delete(program));
      return program;
    },
  };
  try {
    return await Promise.race([work(ground), interruption.heard]);
  } finally {
    await Promise.all([...programs].map((program) => end(program, interruption)));
    await stopDatabase(dataDir, interruption.atOnce);
    if (!keep) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    interruption.finish();
  }
}

type Interruption = {
  /** Never resolves; rejects at the first signal. */
  readonly heard: Promise<never>;
  /** Aborted when somebody insists. */
  readonly atOnce: AbortSignal;
  signal(): NodeJS.Signals | undefined;
  /** Ends the process when a signal was heard; else leaves signals to others again. */
  finish(): void;
};

function awaitInterruption(): Interruption {
  const { promise: heard, reject } = Promise.withResolvers<never>();
  heard.catch(() => undefined);
  const atOnce = new AbortController();
  let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined;
  const hear = (signal: NodeJS.Signals): void => {
    if (first === undefined) {
      first = { signal, atMs: performance.now() };
      // Whoever reads our output may be gone: that is no reason to leave anything running.
      for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
      // The work is abandoned; whatever it says when its platform goes away is of no interest any more.
      process.on("unhandledRejection", () => undefined);
      process.stderr.write("stopping …\n");
      reject(new Error(`interrupted by ${signal}`));
      return;
    }
    // One Ctrl-C may arrive twice, through the terminal and through npm.
    if (performance.now() - first.atMs > 1_000) atOnce.abort();
  };
  for (const signal of signals) process.on(signal, hear);
  return {
    heard,
    atOnce: atOnce.signal,
    signal: () => first?.signal,
    finish() {
      for (const signal of signals) process.off(signal, hear);
      if (first !== undefined) process.exit(128 + constants.signals[first.signal]);
    },
  };
}

/** In a process group of its own, so that Ctrl-C at a terminal reaches us alone, and we stop it in order. */
function spawnApart(file: string, args: readonly string[], { env, cwd }: Surroundings): Program {
  const child = spawn(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
    child.once("error", () => resolve(null));
  });
  // We may fail without clearing up: what nobody looks after any more stops by itself.
  const stopWithUs = (): void => void child.kill("SIGTERM");
  process.once("exit", stopWithUs);
  void ended.then(() => process.off("exit", stopWithUs));
  return { child, ended };
}

async function end({ child, ended }: Program, { atOnce, signal }: Interruption): Promise<void> {
  if (!atOnce.aborted) child.kill("SIGTERM");
  const limitMs = signal() === undefined ? stopLimitMs : interruptedLimitMs;
  await Promise.race([ended, delay(limitMs, undefined, { signal: atOnce }).catch(() => undefined)]);
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
  await ended;
}

/** A new folder, which PostgreSQL may enter even when we are root. */
async function temporaryDataDir(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "dawr-"));
  await chmod(path, 0o755);
  return path;
}

async function freePortRange(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all([0, 1, 2, 3].map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
  throw new Error("no four free ports in a row");
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
