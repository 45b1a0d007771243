import { expect, test } from "@jest/globals";
import { banner } from "./banner.ts";

const urls = {
  gateway: "http://localhost:8080",
  sandbox: "http://localhost:8081",
  mailbox: "http://localhost:8081/mailbox",
  smtp: "smtp://localhost:8083",
  metrics: "http://localhost:8082/metrics",
};
const show = (demo: boolean, dataDir: string) => banner({ urls, wasAdopted: false }, { demo, dataDir }, 1);

test("given a platform, when it is ready, then every address is told", () => {
  for (const url of Object.values(urls)) expect(show(true, ".dawr")).toContain(url);
});

test.each([
  ["the usual folder", true, ".dawr", /Try: {2}npm run demo {2}/],
  ["another folder", true, "else/where", /Try: {2}npm run demo -- --data else\/where {2}/],
  ["no demo market", false, ".dawr", /^(?![\s\S]*(npm run demo|layla@))/],
])("given %s, when it is ready, then what is to be tried would work", (_, demo, dataDir, said) => {
  expect(show(demo, dataDir)).toMatch(said);
});
