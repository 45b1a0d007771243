import { parseConfig } from "@dawr/config";
import { StoreError, type Tx } from "@dawr/store";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { config, defaultRules } from "../src/config.ts";
import { loadNextFree } from "../src/store/next-free.ts";
import { type Salon, type ServiceWorld, serviceWorld } from "./service-world.ts";

let world: ServiceWorld;
beforeAll(async () => {
  world = await serviceWorld();
});
afterAll(() => world.drop());

const idOf = ({ provider }: Salon) => provider.slice("providers/".length);
const ask = async (...salons: readonly Salon[]) => {
  const { results } = await world.slots.nextFree({
    queries: salons.map(({ provider, cut }) => ({ provider, service: cut })),
  });
  expect(results.map(({ provider }) => provider)).toEqual(salons.map(({ provider }) => provider));
  return results.map(({ startTime }) => startTime);
};
const write = (sql: string, of: Salon) => world.store.transaction((tx) => tx.query(sql, [idOf(of)]));
const failuresOf = ({ provider }: Salon) => world.logged.filter((line) => line.provider === provider).length;

test.each([
  ["schedule that cannot be read", `update schedule set content = '{"week": 7}' where provider_id = $1`],
  ["time zone that does not exist", "update provider set zone = 'Asia/Nowhere' where provider_id = $1"],
])(
  "given one with a %s among others, when asked, then the others are answered, and it is logged once",
  async (_, spoil) => {
    const [first, broken, last] = [await world.salon(), await world.salon(), await world.salon()];
    const [start] = await ask(first);
    expect(start).toBeDefined();
    expect(await ask(first, broken, last)).toEqual([start, start, start]);
    await write(spoil, broken);
    expect(await ask(broken, first, broken, last)).toEqual([undefined, start, undefined, start]);
    expect([first, broken, last].map(failuresOf)).toEqual([0, 1, 0]);
  },
);

test("given the database is away, when asked, then the call fails and no provider is blamed", async () => {
  const salon = await world.salon();
  const away = new StoreError("UNAVAILABLE", "away");
  const deps = { now: world.clock.now, defaults: defaultRules(parseConfig(config, {})) };
  const blamed: string[] = [];
  // The first statement reads calendars, the second what is taken.
  for (const failing of [1, 2]) {
    let calls = 0;
    const asked = world.store.read((tx) => {
      const query: Tx["query"] = (sql, params) => {
        calls += 1;
        return calls >= failing ? Promise.reject(away) : tx.query(sql, params);
      };
      const wishes = [{ providerId: idOf(salon), serviceId: undefined }];
      return loadNextFree(Object.create(tx, { query: { value: query } }), deps, wishes, (id) => blamed.push(id));
    });
    await expect(asked).rejects.toBe(away);
  }
  expect(blamed).toEqual([]);
});
