import { type Ground, onOwnGround } from "../tools/journey/own-ground.ts";
import { crowdEnv, gatherCrowd } from "./journey/crowd.ts";
import { median } from "./rpc/measure.ts";
import { residentMb } from "./start/resident-mb.ts";
import { startByNpm } from "./start/start-by-npm.ts";
import { rounded } from "./statistics.ts";

/** How long the platform takes until it says that it is ready, and how much memory it has after its work. */
export type StartFigures = {
  /** From `npm start` on a data folder of before. */
  readonly warmMs: number;
  /** From `npm start` on an empty folder: database, migrations and demo market included. */
  readonly firstMs: number;
  /** Resident memory of the platform's process, without PostgreSQL's, after the journeys. */
  readonly rssMb: number;
  /** The same before the journeys. */
  readonly idleRssMb: number;
  readonly journeys: number;
};

const journeys = 400;

/** Measures starts in turn, first and warm ones; prints a table and answers the figures. */
export async function run({ rounds = 3, warmPerRound = 2 } = {}): Promise<StartFigures> {
  const first: number[] = [];
  const warm: number[] = [];
  let memory = { idle: Number.NaN, after: Number.NaN };
  console.log("start         ms");
  for (let round = 0; round < rounds; round++) {
    await onOwnGround(async (ground) => {
      first.push(await timeStart("first", ground));
      for (let again = 0; again < warmPerRound; again++) warm.push(await timeStart("warm", ground));
      if (round === rounds - 1) memory = await measureMemory(ground);
    });
  }
  return {
    warmMs: rounded(median(warm)),
    firstMs: rounded(median(first)),
    rssMb: memory.after,
    idleRssMb: memory.idle,
    journeys,
  };
}

async function timeStart(kind: string, ground: Ground): Promise<number> {
  const platform = await startByNpm(ground);
  console.log(`${kind.padEnd(8)}${String(rounded(platform.startMs)).padStart(8)}`);
  await platform.stop();
  return platform.startMs;
}

async function measureMemory(ground: Ground): Promise<{ readonly idle: number; readonly after: number }> {
  const platform = await startByNpm(ground, crowdEnv);
  const idle = await residentMb(platform.pid);
  const crowd = await gatherCrowd(platform.urls, { times: journeys });
  await crowd.bookSome(8, journeys);
  crowd.leave();
  const after = await residentMb(platform.pid);
  console.log(`memory  ${String(idle).padStart(8)} MB, after ${journeys} journeys ${after} MB`);
  await platform.stop();
  return { idle, after };
}
