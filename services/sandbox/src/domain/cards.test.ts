import { describe, expect, test } from "@jest/globals";
import { magicCards, readCard } from "./cards.ts";

const month = "2027-03";

describe("readCard", () => {
  test.each(magicCards)("given card $number, when it is read, then it is $behaviour", ({ number, behaviour }) => {
    const card = readCard({ number, expiry: "03/27", cvc: "123" }, month);
    expect(card).toEqual({ brand: "visa", last4: number.slice(-4), behaviour, delaySeconds: 120 });
  });

  const rows: readonly (readonly [string, string, string, string])[] = [
    ["a digit wrong", "4242424242424241", "12/30", "number"],
    ["letters", "4242x", "12/30", "number"],
    ["too short", "42424242424", "12/30", "number"],
    ["the month before", "4242424242424242", "02/27", "expiry"],
    ["no month", "4242424242424242", "13/27", "expiry"],
  ];
  test.each(rows)("given %s, when it is read, then the field is named", (_name, number, expiry, wrong) => {
    expect(readCard({ number, expiry, cvc: "123" }, month)).toEqual({ wrong });
  });

  test.each(["", "12", "12345", "abc"])("given the security code %p, when it is read, then it is wrong", (cvc) => {
    expect(readCard({ number: "4242424242424242", expiry: "12/2030", cvc }, month)).toEqual({ wrong: "cvc" });
  });

  const delays: readonly (readonly [string, number])[] = [
    ["005", 5],
    ["120", 120],
    ["121", 120],
    ["0000", 0],
  ];
  test.each(delays)("given the security code %s, when it is read, then a delay takes %i s", (cvc, delaySeconds) => {
    expect(readCard({ number: "4000 0000-0000 8005", expiry: "12 / 30", cvc }, month)).toMatchObject({ delaySeconds });
  });
});
