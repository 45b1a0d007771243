import { describe, expect, test } from "@jest/globals";
import { brokenLinks, checkFile } from "./conventions.ts";

// Put together from parts, so that this file does not break the rules itself.
const environment = ["process", "env"].join(".");
const host = ["registry", "npmjs", "org"].join(".");
const home = ["", "home", "somebody", "dawr"].join("/");
const silence = ["// @ts", "ignore"].join("-");

const lineBreaks = (count: number) => Array.from({ length: count }, () => "export {};");

describe("checkFile", () => {
  test.each([
    ["the environment in a service", "services/booking/src/store.ts", [`const x = ${environment}.X;`], 1],
    ["the environment in main.ts", "services/booking/src/main.ts", [`main(booking, ${environment});`], 0],
    ["the environment in a comment", "packages/rpc/src/a.ts", [`// never reads ${environment}`], 0],
    ["the environment in a tool", "tools/demo/main.ts", [`const x = ${environment}.X;`], 0],
    ["a folder for everything", "packages/rpc/src/utils/a.ts", [""], 1],
    ["a folder named by its job", "packages/rpc/src/edge/a.ts", [""], 0],
    ["a path of one machine", "docs/a.md", [`see ${home}/x`], 1],
    ["a path in a URL", "docs/a.md", [`see https://example.com${home}`.replace(home, "/a/b")], 0],
    ["a package registry", "package-lock.json", [`"resolved": "${host}/x.tgz"`], 1],
    ["a file of 300 lines", "packages/rpc/src/a.ts", lineBreaks(300), 0],
    ["a file of 301 lines", "packages/rpc/src/a.ts", lineBreaks(301), 1],
    ["a test of 500 lines", "packages/rpc/src/a.test.ts", lineBreaks(500), 0],
    ["a test of 501 lines", "packages/rpc/test/a.ts", lineBreaks(501), 1],
    ["a long generated file", "gen/dawr/a.js", lineBreaks(301), 0],
    ["a silenced compiler", "packages/rpc/src/a.ts", [silence], 1],
  ])("given %s, when checked, then it is judged rightly", (_case, path, lines, problems) => {
    expect(checkFile({ path, lines })).toHaveLength(problems);
  });
});

describe("brokenLinks", () => {
  const paths = ["README.md", "docs/glossary.md", "docs/adr/0001-a.md"];

  test.each([
    ["[a](docs/glossary.md)", 0],
    ["[a](docs/glossary.md#booking)", 0],
    ["[a](docs/adr/)", 0],
    ["[a](#here)", 0],
    ["[a](https://example.com/x)", 0],
    ["```\n[a](nowhere.md)\n```", 0],
    ["[a](nowhere.md)", 1],
  ])("given %j, when followed, then %i lead nowhere", (content, broken) => {
    expect(brokenLinks("README.md", content, paths)).toHaveLength(broken);
  });
});
