import { createLogger } from "@dawr/telemetry";
import { describe, expect, test } from "@jest/globals";
import { askReadiness, serveHealth } from "./health.ts";

const log = createLogger({ service: "test", level: "silent" });
const fine = { name: "database", required: true, check: () => Promise.resolve() };
const down = (required: boolean) => ({
  name: "vendor",
  required,
  check: () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.1:443")),
});

describe("askReadiness", () => {
  test("given a required dependency that is down, when asked, then not ready, named, without the driver's text", async () => {
    const state = await askReadiness([fine, down(true)], log);
    expect(state).toEqual({
      ready: false,
      checks: [
        { name: "database", required: true },
        { name: "vendor", required: true, problem: "unavailable" },
      ],
    });
  });

  test("given a vendor that is down but not required, when asked, then ready, and the vendor is named (OP-03)", async () => {
    expect(await askReadiness([fine, down(false)], log)).toMatchObject({
      ready: true,
      checks: [{ name: "database" }, { name: "vendor", problem: "unavailable" }],
    });
  });
});

describe("serveHealth", () => {
  test("given a process, when its port is asked, then health, readiness and metrics answer, and nothing else", async () => {
    let ready = false;
    const server = await serveHealth({
      host: "127.0.0.1",
      port: 0,
      readiness: () => askReadiness(ready ? [fine] : [down(true)], log),
      metrics: () => Promise.resolve("up 1\n"),
      log,
    });
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
      return { status: answer.status, body: await answer.text() };
    };
    try {
      expect(await ask("/healthz")).toEqual({ status: 200, body: "ok\n" });
      expect((await ask("/readyz")).status).toBe(503);
      ready = true;
      expect(await ask("/readyz?verbose")).toMatchObject({
        status: 200,
        body: expect.stringContaining('"ready":true'),
      });
      expect(await ask("/metrics")).toEqual({ status: 200, body: "up 1\n" });
      expect((await ask("/secrets")).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  test("given metrics that cannot be had, when they are asked for, then 500 and the process lives", async () => {
    const server = await serveHealth({
      host: "127.0.0.1",
      port: 0,
      readiness: () => askReadiness([], log),
      metrics: () => Promise.reject(new Error("broken")),
      log,
    });
    try {
      expect((await fetch(`http://127.0.0.1:${server.port}/metrics`)).status).toBe(500);
      expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
    } finally {
      await server.close();
    }
  });
});
