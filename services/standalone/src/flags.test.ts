import { describe, expect, test } from "@jest/globals";
import { parseFlags } from "./flags.ts";

const parse = (argv: readonly string[]) => parseFlags(argv, {});

describe("given a command line, when it is read", () => {
  test("then nothing asked for means the defaults", () => {
    expect(parse([])).toEqual({
      dataDir: ".dawr",
      port: 8080,
      fresh: false,
      demo: true,
      databaseUrl: undefined,
      logLevel: "error",
      help: false,
    });
  });
  test("then every flag is taken", () => {
    const all = ["--data", "d", "--port", "0", "--no-demo", "--database-url", "postgres://h/d", "--log-level", "info"];
    expect(parse(all)).toMatchObject({
      dataDir: "d",
      port: 0,
      demo: false,
      databaseUrl: "postgres://h/d",
      logLevel: "info",
    });
  });
  test("then --fresh is taken", () => {
    expect(parse(["--fresh"])).toMatchObject({ fresh: true });
  });
  test.each([
    [["--fresh", "--database-url", "postgres://h/d"], "--fresh"],
    [["--port", "65532"], "--port"],
    [["--port", "-1"], "--port"],
    [["--port", "x"], "--port"],
    [["--log-level", "loud"], "--log-level"],
    [["--database-url", "mysql://h/d"], "--database-url"],
    [["--colour"], "--colour"],
    [["extra"], "extra"],
  ])("then %j is refused in one line that names it", (argv, named) => {
    expect(() => parse(argv)).toThrow(
      expect.objectContaining({ name: "CommandLineError", message: expect.stringContaining(named) }),
    );
    expect(() => parse(argv)).not.toThrow(/\n/);
  });
  test("then the highest port leaves room for the three after it", () => {
    expect(parse(["--port", "65531"]).port).toBe(65_531);
  });
});
