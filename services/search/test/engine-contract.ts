import type { Tx } from "@dawr/store";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Document } from "../src/domain/document.ts";
import { failedFilters, type Question } from "../src/domain/question.ts";
import type { Engine } from "../src/engines/engine.ts";
import { abdali, documentOf, idOf, north, questionOf } from "./documents.ts";

/** An engine to be tried, and the transactions that it is written in. */
export type EngineUnderTest = {
  readonly engine: Engine;
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

const ids = (found: readonly { readonly providerId: string }[]) => found.map(({ providerId }) => providerId);
const price = (minMinor: bigint, maxMinor: bigint | undefined, currencyCode = "JOD") => ({
  currencyCode,
  minMinor,
  maxMinor,
});

/** What every engine must do: find exactly those whose failedFilters() are none. (SE-07) */
export function engineContract(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`the engine ${name}`, () => {
    let world: EngineUnderTest;
    let all: Document[] = [];
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());
    beforeEach(async () => {
      await world.transaction((tx) => world.engine.remove(tx, ids(all)));
      all = [];
    });

    async function put(...documents: Document[]): Promise<void> {
      all = [...all.filter(({ providerId }) => !ids(documents).includes(providerId)), ...documents];
      await world.transaction((tx) => world.engine.put(tx, documents));
    }
    const find = (over: Partial<Question>) => world.engine.find(questionOf(over), 1_000);

    test.each<[string, Partial<Document>, Partial<Question>, boolean]>([
      ["at the radius", { point: north(5_000) }, { radiusMetres: 5_000.000_01 }, true],
      ["beyond the radius", { point: north(5_000.01) }, { radiusMetres: 5_000 }, false],
      ["of the price", {}, { price: price(25_000n, 25_000n) }, true],
      ["below the price", {}, { price: price(25_001n, undefined) }, false],
      ["above the price", {}, { price: price(0n, 24_999n) }, false],
      ["of no limit", {}, { price: price(0n, undefined) }, true],
      ["in another currency", {}, { price: price(0n, undefined, "AED") }, false],
      ["of the rating", { ratingAverage: 4 }, { minRating: 4 }, true],
      ["below the rating", { ratingAverage: 3.99 }, { minRating: 4 }, false],
      ["unrated", { ratingAverage: 0, ratingCount: 0 }, { minRating: 0.1 }, false],
      ["not verified", { verified: false }, { isVerifiedOnly: true }, false],
      ["of another vertical", {}, { vertical: "barber" }, false],
      ["of the category", {}, { category: "haircut" }, true],
      ["of another category", {}, { category: "facial" }, false],
      ["for everyone, women asked", {}, { genderServed: "WOMEN" }, true],
      ["for men, women asked", { genderServed: "MEN" }, { genderServed: "WOMEN" }, false],
      ["for women, everyone asked", { genderServed: "WOMEN" }, { genderServed: "EVERYONE" }, false],
      ["with the word", {}, { words: ["haircut", "sal"] }, true],
      ["with one of two words", {}, { words: ["haircut", "nails"] }, false],
      ["with a typing error", {}, { words: ["hiarcut"] }, true],
      [
        "with the price, but not for the category asked",
        {
          offers: [
            { serviceId: idOf(1), category: "haircut", currencyCode: "JOD", priceMinor: 9_000n },
            { serviceId: idOf(2), category: "facial", currencyCode: "JOD", priceMinor: 30_000n },
          ],
        },
        { category: "facial", price: price(0n, 10_000n) },
        false,
      ],
    ])("given one %s, it finds it or not", async (_, document, question, isFound) => {
      await put(documentOf(1, document));
      expect(ids(await find(question))).toEqual(isFound ? [idOf(1)] : []);
      expect(failedFilters(documentOf(1, document), questionOf(question))).toHaveLength(isFound ? 0 : 1);
    });

    test("given more than the limit, the nearest are found, nearest first", async () => {
      await put(...[300, 100, 200, 400].map((metres, i) => documentOf(i, { point: north(metres) })));
      expect(ids(await world.engine.find(questionOf(), 3))).toEqual([idOf(1), idOf(2), idOf(0)]);
    });

    test("given shares of free time, they are with what is found, and older news changes nothing", async () => {
      await put(documentOf(1), documentOf(2));
      const eventTime = Temporal.Instant.from("2026-03-01T09:00:00Z");
      const share = (sequence: bigint, freeMinutes: number) => ({
        ...{ providerId: idOf(1), sequence, eventTime, openMinutes: 600, freeMinutes, nextFreeTime: eventTime },
      });
      await world.transaction((tx) => world.engine.putShares(tx, [share(2n, 300)]));
      await world.transaction((tx) => world.engine.putShares(tx, [share(1n, 100)]));
      expect(await find({})).toEqual([
        expect.objectContaining({ providerId: idOf(1), openMinutes: 600, freeMinutes: 300 }),
        expect.objectContaining({ providerId: idOf(2), openMinutes: 0, freeMinutes: 0 }),
      ]);
      const [read] = await world.engine.read([idOf(1)]);
      expect(read).toEqual({ ...documentOf(1), openMinutes: 600, freeMinutes: 300, nextFreeTime: eventTime });
    });

    test("given a document put again or removed, the old one is gone", async () => {
      await put(documentOf(1));
      await put(documentOf(1, { words: ["nails"], offers: [] }));
      expect(await find({ words: ["haircut"] })).toEqual([]);
      expect(await find({ category: "haircut" })).toEqual([]);
      expect(ids(await find({ words: ["nails"] }))).toEqual([idOf(1)]);
      expect(await world.engine.count()).toBe(1);
      await world.transaction((tx) => world.engine.remove(tx, [idOf(1)]));
      expect(await find({})).toEqual([]);
      expect(await world.engine.count()).toBe(0);
    });

    test("across the date line and near the pole, great circles count", async () => {
      await put(
        documentOf(1, { point: { latitude: 0, longitude: -179.99 } }),
        documentOf(2, { point: { latitude: 89.99, longitude: 120 } }),
      );
      expect(ids(await find({ point: { latitude: 0, longitude: 179.99 } }))).toEqual([idOf(1)]);
      expect(ids(await find({ point: { latitude: 89.99, longitude: -60 } }))).toEqual([idOf(2)]);
    });

    test("whatever is asked, it finds exactly whom no filter keeps out", async () => {
      const words = ["haircut", "hairdo", "salon", "saloon", "nails", "حلاق", "حلاقه", "spa"];
      const category = fc.constantFrom("haircut", "facial");
      const gender = fc.constantFrom("EVERYONE" as const, "WOMEN" as const, "MEN" as const);
      const rating = fc.constantFrom(0, 3, 4.5, 5);
      const amount = fc.constantFrom(1_000n, 24_999n, 25_000n, 25_001n);
      const documents = fc.array(
        fc.record({
          point: fc.integer({ min: 0, max: 12 }).map((km) => north(km * 1_000)),
          vertical: fc.constantFrom("salon", "barber"),
          genderServed: gender,
          verified: fc.boolean(),
          ratingAverage: rating,
          offers: fc.array(fc.record({ category, priceMinor: amount }), { maxLength: 3 }),
          words: fc.subarray(words, { minLength: 1 }),
        }),
        { minLength: 10, maxLength: 40 },
      );
      const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 2 });
      const question = fc.record({
        radiusMetres: fc.integer({ min: 1_000, max: 20_000 }),
        words: fc.array(fc.constantFrom(...words, "hiarcut", "hair", "nals", "xyzw"), { maxLength: 2 }),
        vertical: optional(fc.constantFrom("salon", "barber")),
        category: optional(category),
        isVerifiedOnly: fc.boolean(),
        minRating: rating,
        price: optional(fc.tuple(amount, optional(amount)).map(([min, max]) => price(min, max))),
        genderServed: optional(gender),
      });
      await fc.assert(
        fc.asyncProperty(documents, fc.array(question, { minLength: 5, maxLength: 5 }), async (many, questions) => {
          await world.transaction((tx) => world.engine.remove(tx, ids(all)));
          all = [];
          await put(
            ...many.map((one, i) =>
              documentOf(i, {
                ...one,
                offers: one.offers.map((offer, j) => ({ ...offer, serviceId: idOf(100 * i + j), currencyCode: "JOD" })),
              }),
            ),
          );
          for (const asked of questions) {
            const full = questionOf({ ...asked, point: abdali });
            const expected = all.filter((document) => failedFilters(document, full).length === 0);
            expect(ids(await world.engine.find(full, 1_000)).sort()).toEqual(ids(expected).sort());
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
