import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Urls } from "../journey/platform-client.ts";

/** The platform that runs on a data folder, when one does. */
export async function runningPlatform(dataDir: string): Promise<Urls | undefined> {
  const text = await readFile(join(dataDir, "run.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { urls } = JSON.parse(text) as { readonly urls: Urls };
  const answer = await fetch(`${urls.gateway}/healthz`).catch(() => undefined);
  return answer?.ok === true ? urls : undefined;
}
