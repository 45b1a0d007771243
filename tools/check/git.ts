import { execFile } from "node:child_process";
import { root } from "./run-command.ts";

/** What git prints, or undefined when it refuses. Rejects when there is no git. */
export function git(args: readonly string[]): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    // A clone in CI often belongs to another user than the one that runs the checks; git would refuse to read it.
    const all = ["-c", `safe.directory=${root.replace(/\/$/, "")}`, ...args];
    execFile("git", all, { cwd: root, encoding: "buffer", maxBuffer: 1e9 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(new Error("git is needed for this check", { cause: error }));
      else resolve(undefined);
    });
  });
}

/** The files that a commit of everything would hold, relative to the root, without those that are deleted. */
export async function listFiles(): Promise<readonly string[]> {
  const listed = await git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  if (listed === undefined) throw new Error("git cannot list the files of this repository");
  return [...new Set(listed.toString().split("\0"))].filter((path) => path !== "");
}
