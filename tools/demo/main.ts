import { type Ground, onOwnGround } from "../journey/own-ground.ts";
import { startOwnPlatform } from "../journey/own-platform.ts";
import type { Urls } from "../journey/platform-client.ts";
import { readOptions } from "../options.ts";
import { play } from "./play.ts";
import { runningPlatform } from "./running-platform.ts";
import { openStory } from "./story.ts";

const { values } = readOptions("npm run demo -- [--data DIR] [--target URL --sandbox URL]", {
  data: { type: "string", default: ".dawr" },
  target: { type: "string" },
  sandbox: { type: "string" },
});
const write = (text: string): void => void process.stdout.write(text);

const given =
  values.target === undefined
    ? await runningPlatform(values.data)
    : { gateway: values.target, sandbox: values.sandbox ?? "" };
const begun = performance.now();
try {
  if (given === undefined) await onOwnGround(playOnOwnPlatform);
  else await playOn(given);
  write(`The story went as it should, in ${((performance.now() - begun) / 1_000).toFixed(1)} s.\n`);
} catch (error) {
  write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
// Connections that are kept alive for a next call would hold the process for a while.
process.exit(process.exitCode);

async function playOn(urls: Urls): Promise<void> {
  write(`Playing on ${urls.gateway}\n\n`);
  await play(urls, openStory(write));
}

async function playOnOwnPlatform(ground: Ground): Promise<void> {
  write("No platform is running: starting one in a temporary folder …\n");
  const platform = await startOwnPlatform(ground);
  write(`ready after ${(platform.startMs / 1_000).toFixed(1)} s\n\n`);
  await playOn(platform.urls);
  await platform.stop();
}
