import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  bigintField,
  ConfigError,
  choiceField,
  databaseUrlField,
  describeConfig,
  durationField,
  flagField,
  integerField,
  listField,
  numberField,
  offsetField,
  parseConfig,
  portField,
  secret,
  secretField,
  textField,
  urlField,
} from "./index.ts";

const shape = {
  PORT: portField().describe("where it listens").default(8080),
  DATABASE_URL: databaseUrlField().describe("the database"),
  API_TOKEN: secretField().describe("the vendor's token").optional(),
  HOLD: durationField().describe("how long a hold lasts").default(Temporal.Duration.from("PT15M")),
  LEVEL: choiceField("debug", "info").default("info"),
};

describe("parseConfig", () => {
  test("given a good environment, when it is read, then values are typed and defaults filled in", () => {
    const config = parseConfig(shape, { DATABASE_URL: "postgres://u:p@h/d", HOLD: "30s", PORT: "" });
    expect(config).toEqual({
      PORT: 8080,
      DATABASE_URL: "postgres://u:p@h/d",
      HOLD: Temporal.Duration.from("PT30S"),
      LEVEL: "info",
    });
    expect(config.HOLD.total("seconds")).toBe(30);
  });

  test("given many problems, when it is read, then all are reported together and no secret is shown", () => {
    const env = {
      PORT: "70000",
      DATABASE_URL: "mysql://user:hunter2@host/db",
      API_TOKEN: "",
      HOLD: "soon",
      LEVEL: "loud",
    };
    const error = problemOf(() => parseConfig(shape, env));
    expect(error.problems).toEqual([
      { name: "PORT", expected: "a port number, 0 to 65535 (where it listens)", got: '"70000"' },
      {
        name: "DATABASE_URL",
        expected: "a URL that starts with postgres:// (the database)",
        got: "a value that is kept secret",
      },
      {
        name: "HOLD",
        expected: "a duration such as PT15M, 250ms, 30s, 15m, 4h or 30d (how long a hold lasts)",
        got: '"soon"',
      },
      { name: "LEVEL", expected: "one of debug, info", got: '"loud"' },
    ]);
    expect(error.message).not.toContain("hunter2");
    expect(error.message.split("\n")).toHaveLength(5);
  });

  test("given a missing variable, when it is read, then the problem says nothing was there", () => {
    expect(problemOf(() => parseConfig(shape, {})).problems).toEqual([
      { name: "DATABASE_URL", expected: "a URL that starts with postgres:// (the database)", got: "nothing" },
    ]);
  });

  test("given any text at all, when it is read, then the answer is values or ConfigError, and secrets stay secret", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(shape)), fc.string()), fc.uuid(), (env, password) => {
        try {
          parseConfig(shape, { ...env, DATABASE_URL: `nonsense ${password}` });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          expect(String(error)).not.toContain(password);
        }
      }),
    );
  });
});

describe("fields", () => {
  const accepts: readonly (readonly [string, Parameters<typeof parseConfig>[0][string], string, unknown])[] = [
    ["the least port", portField(), "0", 0],
    ["the greatest port", portField(), "65535", 65_535],
    ["a whole number with blanks", integerField(-5, 5), " -5 ", -5],
    ["a number", numberField(0, 1), "0.25", 0.25],
    ["an amount in minor units", bigintField(), "12500", 12_500n],
    ["a URL", urlField("http", "https"), "https://a.example/b", "https://a.example/b"],
    ["minutes", durationField(), "15m", Temporal.Duration.from("PT15M")],
    ["days as 24 hours", durationField(), "30d", Temporal.Duration.from("PT720H")],
    ["ISO days", durationField(), "P1DT1H", Temporal.Duration.from("PT25H")],
    ["an offset to the past", offsetField(), "-90s", Temporal.Duration.from("-PT90S")],
    ["yes", flagField(), "Yes", true],
    ["off", flagField(), "off", false],
    ["a list", listField(), "a, b,,c", ["a", "b", "c"]],
  ];
  test.each(accepts)("given %s, when it is read, then it is the value", (_name, field, text, value) => {
    expect(parseConfig({ X: field }, { X: text })).toEqual({ X: value });
  });

  const refuses: readonly (readonly [string, Parameters<typeof parseConfig>[0][string], string])[] = [
    ["a port too great", portField(), "65536"],
    ["a port with letters", portField(), "80x"],
    ["an exponent", integerField(0, 1000), "1e2"],
    ["a number out of bounds", numberField(0, 1), "1.01"],
    ["another scheme", urlField("https"), "http://a.example"],
    ["a duration before now", durationField(), "-PT1S"],
    ["a duration in months", durationField(), "P1M"],
    ["blanks for a text", textField(), "   "],
    ["a word that is no flag", flagField(), "maybe"],
  ];
  test.each(refuses)("given %s, when it is read, then it is refused", (_name, field, text) => {
    expect(() => parseConfig({ X: field }, { X: text })).toThrow(ConfigError);
  });

  test("given a field marked as secret, when it is wrong, then its value is not shown", () => {
    const error = problemOf(() => parseConfig({ X: secret(integerField(0, 9)).optional() }, { X: "1234" }));
    expect(error.message).not.toContain("1234");
  });
});

describe("describeConfig", () => {
  test("given a shape, when it is described, then each line has name, purpose, form and default", () => {
    expect(describeConfig(shape)).toEqual([
      "PORT          where it listens; a port number, 0 to 65535; default 8080",
      "DATABASE_URL  the database; a URL that starts with postgres://; required",
      "API_TOKEN     the vendor's token; a secret; optional",
      "HOLD          how long a hold lasts; a duration such as PT15M, 250ms, 30s, 15m, 4h or 30d; default PT15M",
      "LEVEL         one of debug, info; default info",
    ]);
  });
});

function problemOf(read: () => unknown): ConfigError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was wrong");
}
