import { describe, expect, test } from "@jest/globals";
import { environmentOf, portsFrom, unreadIn } from "./environment.ts";

const folder = {
  path: "d",
  postgres: "d/postgres",
  keyFile: "d/keys/encryption.json",
  workloadKeyFile: "d/keys/workload",
  runFile: "d/run.json",
  secret: Buffer.alloc(32),
  release: async () => undefined,
};

const of = (given: Readonly<Record<string, string>>) =>
  environmentOf({
    folder,
    ports: portsFrom(8080),
    adminUrl: "postgres://postgres:word@localhost:5432/postgres",
    logLevel: "error",
    schemas: ["catalog"],
    given,
  });

describe("given variables in the environment of npm start, when its services are told theirs", () => {
  test("then what is set wins over what is made", () => {
    const { env, keyFile } = of({ KEY_FILE: "mine", BOOKING_HOLD: "5m", SANDBOX_API_KEY: "key" });
    expect(env).toMatchObject({ KEY_FILE: "mine", BOOKING_HOLD: "5m", SANDBOX_API_KEY: "key" });
    expect(keyFile).toBe("mine");
  });

  test("then an empty one is as none", () => {
    const { env, keyFile } = of({ KEY_FILE: "" });
    expect([env.KEY_FILE, keyFile]).toEqual([folder.keyFile, folder.keyFile]);
  });

  test("then those that a flag stands for are not read, and that is said", () => {
    const given = { GATEWAY_PORT: "9", METRICS_PORT: "9", LOG_LEVEL: "debug", DATABASE_URL: "postgres://other/one" };
    const { env, services } = of(given);
    expect(env).toMatchObject({ GATEWAY_PORT: "8080", METRICS_PORT: "8082", LOG_LEVEL: "error" });
    expect(services.catalog?.DATABASE_URL).toMatch(/^postgres:\/\/dawr_catalog:.+@localhost:5432\/postgres$/);
    for (const name of Object.keys(given)) expect(unreadIn(given)).toContain(name);
    expect(unreadIn({ ...given, DATABASE_URL: "" })).not.toContain("DATABASE_URL");
    expect(unreadIn({ KEY_FILE: "mine" })).toBeUndefined();
  });
});
