import { onOwnGround } from "../tools/journey/own-ground.ts";
import { startOwnPlatform } from "../tools/journey/own-platform.ts";
import { crowdEnv, gatherCrowd, type Round } from "./journey/crowd.ts";
import { median } from "./rpc/measure.ts";
import { percentile, rounded } from "./statistics.ts";

/** Whole bookings, from the hold to the confirmation that the gateway's webhook brought. */
export type JourneyFigures = {
  /** Bookings per second with one client and with eight. */
  readonly perSecond1: number;
  readonly perSecond8: number;
  /** From sending the card to hearing of the confirmation on WatchBookings, with eight clients. */
  readonly confirmP50Ms: number;
  readonly confirmP99Ms: number;
  /** The same with one client. */
  readonly confirm1P50Ms: number;
  readonly confirm1P99Ms: number;
  readonly bookings: number;
};

const warmUpMs = 6_000;
const roundMs = 6_000;

/** Measures bookings on a platform of its own, one client and eight taking turns; prints a table and answers the figures. */
export function run({ rounds = 5 } = {}): Promise<JourneyFigures> {
  return onOwnGround(async (ground) => {
    const platform = await startOwnPlatform(ground, crowdEnv);
    const crowd = await gatherCrowd(platform.urls);
    await crowd.book(8, warmUpMs);
    const one: Round[] = [];
    const eight: Round[] = [];
    console.log("round   1 client/s  8 clients/s  confirmed p50 ms (8)  p99 ms (8)");
    for (let round = 1; round <= rounds; round++) {
      const alone = await crowd.book(1, roundMs);
      const together = await crowd.book(8, roundMs);
      one.push(alone);
      eight.push(together);
      const row = [alone.perSecond.toFixed(1), together.perSecond.toFixed(1), ...quantiles([together])];
      console.log(
        `${String(round).padStart(5)}${row.map((cell, index) => String(cell).padStart([13, 13, 22, 12][index] ?? 0)).join("")}`,
      );
    }
    crowd.leave();
    await platform.stop();
    const [confirmP50Ms, confirmP99Ms] = quantiles(eight);
    const [confirm1P50Ms, confirm1P99Ms] = quantiles(one);
    return {
      perSecond1: rounded(median(one.map(({ perSecond }) => perSecond)), 1),
      perSecond8: rounded(median(eight.map(({ perSecond }) => perSecond)), 1),
      confirmP50Ms,
      confirmP99Ms,
      confirm1P50Ms,
      confirm1P99Ms,
      bookings: [...one, ...eight].reduce((sum, { laps }) => sum + laps.length, 0),
    };
  });
}

function quantiles(rounds: readonly Round[]): readonly [number, number] {
  const times = rounds.flatMap(({ laps }) => laps.map(({ payToConfirmedMs }) => payToConfirmedMs));
  return [rounded(percentile(times, 0.5)), rounded(percentile(times, 0.99))];
}
