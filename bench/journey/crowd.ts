import { join } from "../../tools/journey/people.ts";
import type { Urls } from "../../tools/journey/platform-client.ts";
import { type Customer, type Lap, openCustomer } from "./customer.ts";
import { type FreeTime, findFreeTimes } from "./free-times.ts";

/** Settings under which a few accounts on one address may do the work of thousands. */
export const crowdEnv = {
  BOOKING_HOLDS_PER_ADDRESS: "10000",
  BOOKING_HOLDS_PER_ACCOUNT: "1000",
  GATEWAY_USER_LIMIT: "1000000",
  GATEWAY_ADDRESS_LIMIT: "1000000",
};

/** What a crowd did in one round. */
export type Round = { readonly perSecond: number; readonly laps: readonly Lap[] };

/** Customers, and times enough for all of them. */
export type Crowd = {
  /** Lets so many clients book one after the other for so long; what is underway at the end is finished and counted. */
  book(clients: number, durationMs: number): Promise<Round>;
  /** Books so many in all. */
  bookSome(clients: number, count: number): Promise<Round>;
  leave(): void;
};

/** Registers the customers and finds the times, before anything is measured. */
export async function gatherCrowd(urls: Urls, { customers = 16, times = 4_000 } = {}): Promise<Crowd> {
  const crowd: Customer[] = [];
  // One after the other: hashing a password is meant to be hard work.
  for (let index = 0; index < customers; index++) {
    const person = await join(urls, `Customer ${index}`, index % 2 === 0 ? "ar" : "en");
    crowd.push(await openCustomer(urls, person));
  }
  const free = (await findFreeTimes(urls, times)).values();

  async function run(clients: number, isOver: (count: number) => boolean): Promise<Round> {
    const laps: Lap[] = [];
    let begun = 0;
    const startMs = performance.now();
    const client = async (index: number): Promise<void> => {
      // Customers are shared out among the clients, who let them book in turn.
      const own = crowd.filter((_, position) => position % clients === index);
      for (let turn = 0; !isOver(begun); turn++) {
        begun += 1;
        laps.push(await bookNext(own[turn % own.length], free));
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
    return { perSecond: (laps.length / (performance.now() - startMs)) * 1_000, laps };
  }

  return {
    book(clients, durationMs) {
      const endMs = performance.now() + durationMs;
      return run(clients, () => performance.now() >= endMs);
    },
    bookSome: (clients, count) => run(clients, (begun) => begun >= count),
    leave() {
      for (const customer of crowd) customer.leave();
    },
  };
}

async function bookNext(customer: Customer | undefined, free: Iterator<FreeTime>): Promise<Lap> {
  const { value, done } = free.next();
  if (done === true || customer === undefined) throw new Error("the demo market has no free times left for this run");
  return await customer.book(value);
}
