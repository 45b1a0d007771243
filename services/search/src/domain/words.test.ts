import { describe, expect, test } from "@jest/globals";
import { wordsOf } from "./words.ts";

describe("wordsOf", () => {
  test.each([
    ["Beauty SALON, Amman", ["beauty", "salon", "amman"]],
    ["Men's  haircut", ["mens", "haircut"]],
    ["Café", ["cafe"]],
    ["  ", []],
    ["أحمد إحمد احمد ٱحمد", ["احمد"]],
    ["صالـــون", ["صالون"]],
    ["صَالُون", ["صالون"]],
    ["عيادة عياده", ["عياده"]],
    ["مستشفى مستشفي", ["مستشفي"]],
    ["الريم ريم", ["ريم"]],
    ["الى", ["الي"]],
    ["غرفة ١٢", ["غرفه", "12"]],
    ["ﻻ", ["لا"]],
    ["salon salon", ["salon"]],
  ])("given %j, it is %j", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});
