import { join } from "node:path";
import { readRunFile } from "../../services/standalone/src/run-file.ts";
import type { Urls } from "../journey/platform-client.ts";

/** The platform that runs on a data folder, when one does. */
export async function runningPlatform(dataDir: string): Promise<Urls | undefined> {
  const run = await readRunFile(join(dataDir, "run.json"));
  if (run === undefined) return undefined;
  const answer = await fetch(`${run.urls.gateway}/healthz`).catch(() => undefined);
  return answer?.ok === true ? run.urls : undefined;
}
