import { type Ground, onOwnGround } from "../journey/own-ground.ts";
import { startOwnPlatform } from "../journey/own-platform.ts";
import type { Urls } from "../journey/platform-client.ts";
import { play } from "./play.ts";
import { NoStage, requireStage } from "./require-stage.ts";
import { runningPlatform } from "./running-platform.ts";
import { openStory } from "./story.ts";

const write = (text: string): void => void process.stdout.write(text);

/** Plays the story on a platform that is named, that runs on the data folder, or that it starts; then ends the process. */
export async function runDemo(dataDir: string, named: Urls | undefined): Promise<void> {
  const begun = performance.now();
  try {
    const urls = named ?? (await runningPlatform(dataDir));
    if (urls === undefined) {
      write(`No platform runs on ${dataDir}: starting one in a temporary folder …\n`);
      await onOwnGround(playOnOwnPlatform);
    } else await playOn(urls);
    write(`The story went as it should, in ${((performance.now() - begun) / 1_000).toFixed(1)} s.\n`);
  } catch (error) {
    if (error instanceof NoStage) process.stderr.write(`dawr: ${error.message}\n`);
    else write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
  // Connections that are kept alive for a next call would hold the process for a while.
  process.exit(process.exitCode);
}

async function playOn(urls: Urls): Promise<void> {
  await requireStage(urls);
  write(`Playing on ${urls.gateway}\n\n`);
  await play(urls, openStory(write));
}

async function playOnOwnPlatform(ground: Ground): Promise<void> {
  const platform = await startOwnPlatform(ground);
  write(`ready after ${(platform.startMs / 1_000).toFixed(1)} s\n\n`);
  await playOn(platform.urls);
  await platform.stop();
}
