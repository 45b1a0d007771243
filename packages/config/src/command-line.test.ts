import { describe, expect, test } from "@jest/globals";
import { CommandLineError, readCommandLine } from "./command-line.ts";
import type { Env } from "./parse-config.ts";

const options = {
  port: { type: "string", default: "8080" },
  "database-url": { type: "string" },
  fresh: { type: "boolean", default: false },
  "no-demo": { type: "boolean", default: false },
} as const;

const read = (argv: readonly string[], env: Env = {}) => readCommandLine(options, { argv, env });

describe("given a command line, when it is read", () => {
  test("then flags have their values and defaults", () => {
    expect({ ...read(["--port=1", "--no-demo"]).values }).toEqual({ port: "1", fresh: false, "no-demo": true });
  });
  test.each([
    [["--colour"], "--colour"],
    [["extra"], "extra"],
    [["--port"], "--port"],
  ])("then %j is refused in one line that names it", (argv, named) => {
    expect(() => read(argv)).toThrow(CommandLineError);
    expect(() => read(argv)).toThrow(named);
    expect(() => read(argv)).not.toThrow(/\n/);
  });
  test("then words are taken where they are allowed", () => {
    const { positionals } = readCommandLine({}, { argv: ["a", "b"], env: {}, allowPositionals: true });
    expect(positionals).toEqual(["a", "b"]);
  });
});

describe("given that npm has kept flags for itself, when the command line is read", () => {
  const start = { npm_lifecycle_event: "start" };

  test.each<[string, readonly string[], Env, string]>([
    ["a flag whose value came as a word", ["8090"], { npm_config_port: "true" }, "npm start -- --port 8090"],
    ["a flag with its value", [], { npm_config_port: "8090" }, "npm start -- --port 8090"],
    ["a flag without a value", [], { npm_config_port: "true" }, "npm start -- --port …"],
    ["a switch", [], { npm_config_fresh: "true" }, "npm start -- --fresh"],
    ["a negated switch", [], { npm_config_demo: "" }, "npm start -- --no-demo"],
    ["a flag of two words", ["x"], { npm_config_database_url: "true" }, "npm start -- --database-url x"],
    [
      "two with values, of which nobody knows whose is whose",
      ["x", "8090"],
      { npm_config_port: "true", npm_config_database_url: "true" },
      "npm start -- --port … --database-url …",
    ],
    ["another script", [], { npm_config_fresh: "true", npm_lifecycle_event: "demo" }, "npm run demo -- --fresh"],
  ])("then %s is refused with the line that would be right", (_, argv, env, right) => {
    expect(() => read(argv, { ...start, ...env })).toThrow(CommandLineError);
    expect(() => read(argv, { ...start, ...env })).toThrow(right);
  });

  test.each<[string, readonly string[], Env]>([
    ["a flag that is here too", ["--port", "1"], { ...start, npm_config_port: "2" }],
    ["the same with a sign", ["--port=1"], { ...start, npm_config_port: "2" }],
    ["npm's own settings", [], { ...start, npm_config_loglevel: "silent", npm_config_demo: "true" }],
    ["a program that npm did not start", [], { npm_config_port: "2" }],
  ])("then %s is no reason to refuse", (_, argv, env) => {
    expect(() => read(argv, env)).not.toThrow();
  });
});
