import { eventsMigrations } from "@dawr/events";
import { type TestStore, testStore } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { postgresEngine } from "../src/engines/postgres-engine.ts";
import { abdali, documentOf, idOf, questionOf } from "./documents.ts";

const count = 20_000;
let store: TestStore;

beforeAll(async () => {
  store = await testStore({
    schema: "search",
    folders: [eventsMigrations, new URL("../migrations/", import.meta.url)],
  });
  const engine = postgresEngine(store);
  for (let from = 0; from < count; from += 2_000) {
    // Spread over about 400 km by 400 km, one in a thousand with a word of its own.
    const documents = Array.from({ length: 2_000 }, (_, i) => {
      const number = from + i;
      const point = {
        latitude: abdali.latitude + ((number % 141) - 70) / 39,
        longitude: abdali.longitude + (((number * 7) % 139) - 69) / 33,
      };
      const words = number % 1_000 === 0 ? ["salon", "trichology"] : ["salon", `name${number % 500}`];
      return documentOf(number, {
        point,
        words,
        offers: [{ serviceId: idOf(number), category: "haircut", currencyCode: "JOD", priceMinor: 10_000n }],
      });
    });
    await store.transaction((tx) => engine.put(tx, documents));
  }
}, 60_000);
afterAll(() => store.drop());

describe("with 20,000 providers", () => {
  test("the tree of points is used, and an answer is quick", async () => {
    const engine = postgresEngine(store);
    const question = questionOf({ category: "haircut" });
    await engine.find(question, 1_000);
    const startMs = performance.now();
    const rounds = 10;
    for (let i = 0; i < rounds; i += 1) expect((await engine.find(question, 1_000)).length).toBeGreaterThan(10);
    // The aim is some milliseconds; this bound only tells a scan of everything from a look-up.
    expect((performance.now() - startMs) / rounds).toBeLessThan(100);
    const plan = await store.read((tx) =>
      tx.query<{ "QUERY PLAN": string }>(
        `explain select provider_id from entry e where e.position <@ earth_box(ll_to_earth($1::float8, $2::float8), 10000::float8)
         order by e.position <-> ll_to_earth($1::float8, $2::float8), provider_id limit 1000`,
        [abdali.latitude, abdali.longitude],
      ),
    );
    expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain("entry_position");
  });

  test("a rare word is found by its index", async () => {
    const plan = await store.read((tx) =>
      tx.query<{ "QUERY PLAN": string }>(
        "explain select provider_id from entry e where e.words && array['trichology']",
      ),
    );
    expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain("entry_words");
  });
});
