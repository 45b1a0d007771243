import { describe, expect, test } from "@jest/globals";
import { isAllowedReturnUrl } from "./return-url.ts";

const allowed = ["http://localhost:8080", "https://app.example/paid", "dawr://paid"];

describe("isAllowedReturnUrl", () => {
  test.each([
    "http://localhost:8080",
    "http://localhost:8080/any/path?x=1",
    "https://app.example/paid",
    "https://app.example/paid/thanks?b=1#x",
    "dawr://paid",
    "dawr://paid/now",
  ])("given %p, when asked, then it is allowed", (url) => {
    expect(isAllowedReturnUrl(url, allowed)).toBe(true);
  });

  test.each([
    "",
    "paid",
    "http://localhost:8081/",
    "https://localhost:8080/",
    "http://localhost.evil.example:8080/",
    "http://localhost:8080@evil.example/",
    "http://user@localhost:8080/",
    "https://app.example/paidx",
    "https://app.example/",
    "https://app.example/paid/../admin",
    "https://app.example/paid/%2e%2e/admin",
    "https://sub.app.example/paid",
    "javascript:alert(1)",
    "dawr://other",
    "//app.example/paid",
  ])("given %p, when asked, then it is refused", (url) => {
    expect(isAllowedReturnUrl(url, allowed)).toBe(false);
  });

  test("given no allowed address, when asked, then nothing is allowed", () => {
    expect(isAllowedReturnUrl("http://localhost:8080", [])).toBe(false);
  });
});
