import { setTimeout as delay } from "node:timers/promises";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { type Ground, onOwnGround } from "../journey/own-ground.ts";
import { type OwnPlatform, startOwnPlatform } from "../journey/own-platform.ts";
import { join, type Person } from "../journey/people.ts";
import { publicClient, type Urls } from "../journey/platform-client.ts";
import { readOptions } from "../options.ts";
import { check, type Violation } from "./check.ts";
import { openDatabase } from "./database.ts";
import { type Target, travel } from "./journey.ts";
import { dice } from "./random.ts";
import { newRecord } from "./record.ts";
import { settle } from "./settle.ts";

const { values } = readOptions("npm run torture -- [--seconds N] [--seed S] [--clients N] [--keep]", {
  seconds: { type: "string", default: "60" },
  seed: { type: "string", default: "1" },
  clients: { type: "string", default: "8" },
  keep: { type: "boolean", default: false },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const clients = Number(values.clients);
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** Settings under which faults show quickly: short holds, and no limits that stop the clients themselves. */
const env = {
  BOOKING_HOLD: "20s",
  BOOKING_HOLDS_PER_ADDRESS: "10000",
  BOOKING_HOLDS_PER_ACCOUNT: "50",
  GATEWAY_USER_LIMIT: "1000000",
  GATEWAY_ADDRESS_LIMIT: "1000000",
  PAYMENT_ASK_PENDING: "3s",
  PAYMENT_OVERDUE: "2s",
  SANDBOX_WEBHOOK_LOST_RETRY: "5s",
};

const seen = newRecord();
const errors: string[] = [];
const { kills, violations } = await onOwnGround(torture, { keep: values.keep });
const { journeys, moves, conflicts, declined, abandoned, repeats } = seen;
process.stdout.write(
  `${JSON.stringify({ seed, seconds, journeys, moves, confirmed: seen.confirmed.size, cancelled: seen.cancelled.size, conflicts, declined, abandoned, repeats, kills, violations: violations.length })}\n`,
);
process.exit(violations.length === 0 ? 0 : 1);

async function torture(ground: Ground): Promise<{ readonly kills: number; readonly violations: readonly Violation[] }> {
  tell(`seed ${seed}: starting a platform in ${ground.dataDir}`);
  const first = await startOwnPlatform(ground, env);
  const { urls } = first;
  const people = await Promise.all(
    Array.from({ length: clients }, (_, index) => join(urls, `Person ${index}`, index % 2 === 0 ? "ar" : "en")),
  );
  const targets = await findTargets(urls);
  tell(`${people.length} clients on ${targets.length} services for ${seconds} s`);

  const until = performance.now() + seconds * 1_000;
  const travelling = people.map((person, index) => keepTravelling({ urls, person, targets, index, until }));
  const { last, kills } = await keepKilling(ground, first, until);
  await Promise.all(travelling);

  const database = await openDatabase(ground.dataDir);
  tell(`quiet after ${kills} kills and ${seen.journeys} journeys; waiting for everything to settle`);
  const open = await settle(database, 120, tell);
  const violations = [
    ...(await check(database, seen)),
    ...Object.entries(open).map(([what, count]) => ({ invariant: `everything settles: ${what}`, count, examples: [] })),
    ...(errors.length > 0
      ? [{ invariant: "clients get no unexpected refusal", count: errors.length, examples: errors.slice(0, 3) }]
      : []),
  ];
  for (const violation of violations) tell(JSON.stringify(violation));
  await database.end();
  await last.stop();
  return { kills, violations };
}

type Traveller = {
  readonly urls: Urls;
  readonly person: Person;
  readonly targets: readonly Target[];
  readonly index: number;
  /** When travelling ends, on the clock of performance.now(). */
  readonly until: number;
};

async function keepTravelling({ urls, person, targets, index, until }: Traveller): Promise<void> {
  const random = dice(seed * 1_000 + index + 1);
  const isOver = (): boolean => performance.now() > until + 60_000;
  while (performance.now() < until) {
    try {
      await travel({ urls, person, targets, random, seen, isOver });
    } catch (error) {
      if (errors.length < 100) errors.push(error instanceof Error ? error.message : String(error));
      await delay(100);
    }
  }
}

/** Ends the process at random moments, as a crash does, and starts it again on what it left; PostgreSQL lives on. */
async function keepKilling(
  ground: Ground,
  first: OwnPlatform,
  until: number,
): Promise<{ readonly last: OwnPlatform; readonly kills: number }> {
  const random = dice(seed);
  let last = first;
  for (let kills = 0; ; kills++) {
    await delay(1_500 + random.below(4_000));
    if (performance.now() > until) return { last, kills };
    await last.kill();
    last = await startOwnPlatform(ground, env);
  }
}

async function findTargets(at: Urls): Promise<readonly Target[]> {
  const { results } = await publicClient(at, SearchService).searchProviders({
    point: { latitude: 31.9622, longitude: 35.9106 },
    pageSize: 4,
  });
  const menu = publicClient(at, ServiceMenuService);
  const lists = await Promise.all(results.map(({ provider }) => menu.listServices({ parent: provider, pageSize: 10 })));
  return lists.flatMap(({ services }, index) =>
    // Who comes to the customer needs an address, which these customers do not have.
    services
      .filter(({ atCustomer }) => !atCustomer)
      .slice(0, 2)
      .map(({ name }) => ({ provider: results[index]?.provider ?? "", service: name })),
  );
}
