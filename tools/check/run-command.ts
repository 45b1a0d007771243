import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export type Finished = Readonly<{ exitCode: number; stdout: string; output: string }>;

export type CommandOptions = Readonly<{
  onLine?: (line: string) => void;
  input?: string | Uint8Array;
  /** After this long the program is taken for hung and killed. */
  limitMinutes?: number;
}>;

const defaultLimitMinutes = 10;

const running = new Set<ReturnType<typeof spawn>>();
let interruptedMs: number | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // What runs now is given the time to clear up, unless somebody insists; what would come next must not start.
    const insists = interruptedMs !== undefined && performance.now() - interruptedMs > 1_000;
    if (running.size === 0 || insists) process.exit(130);
    interruptedMs ??= performance.now();
    for (const child of running) child.kill(signal);
  });
}

/**
 * Runs a program from the root of the repository and collects what it prints; `output` is standard output and error in
 * the order in which they came. Rejects when the program cannot be started.
 */
export function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const limitMinutes = options.limitMinutes ?? defaultLimitMinutes;
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: "0" },
    stdio: "pipe",
    timeout: limitMinutes * 60_000,
    killSignal: "SIGKILL",
  });
  running.add(child);
  const stdout: Buffer[] = [];
  const output: Buffer[] = [];
  const collect = (chunk: Buffer) => {
    output.push(chunk);
    if (options.onLine !== undefined) for (const line of chunk.toString().split("\n")) options.onLine(line);
  };
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  // A program that refuses its input early closes it; what it says about that is in its output.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      running.delete(child);
      reject(new Error(`${file} cannot be started: ${error.message}`, { cause: error }));
    });
    child.on("close", (exitCode, signal) => {
      running.delete(child);
      if (interruptedMs !== undefined && running.size === 0) process.exit(130);
      if (signal === "SIGKILL") output.push(Buffer.from(`\nkilled: it may run for ${limitMinutes} minutes\n`));
      resolve({
        exitCode: exitCode ?? 1,
        stdout: Buffer.concat(stdout).toString(),
        output: Buffer.concat(output).toString(),
      });
    });
  });
}

/** Runs a script of a package under node_modules, or of ours, with this Node.js. */
export function runScript(script: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return runCommand(process.execPath, [...process.execArgv, script, ...args], options);
}
