import { createServer } from "node:http";
import type { Logger } from "@dawr/telemetry";
import type { Check } from "./service.ts";

/** The state of one dependency as readiness tells it. */
type CheckResult = { readonly name: string; readonly required: boolean; readonly problem?: string };

export type Readiness = { readonly ready: boolean; readonly checks: readonly CheckResult[] };

const checkLimitMs = 2_000;

/** Asks all dependencies at once; one that does not answer within two seconds is not there. */
export async function askReadiness(checks: readonly Check[], log: Logger): Promise<Readiness> {
  const results = await Promise.all(
    checks.map(async ({ name, required, check }): Promise<CheckResult> => {
      const limit = AbortSignal.timeout(checkLimitMs);
      const late = new Promise<never>((_, reject) => {
        limit.addEventListener("abort", () => reject(new Error("no answer in time")), { once: true });
      });
      try {
        await Promise.race([check(), late]);
        return { name, required };
      } catch (error) {
        log.warn({ err: error, dependency: name, required }, "a dependency is not ready");
        // The reason stays in the log: whoever asks for readiness needs no driver's text.
        return { name, required, problem: "unavailable" };
      }
    }),
  );
  return { ready: results.every(({ required, problem }) => !required || problem === undefined), checks: results };
}

export type HealthServer = { readonly port: number; close(): Promise<void> };

export type HealthOptions = {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<string>;
  readonly log: Logger;
};

/** Serves /healthz (the process lives), /readyz (its dependencies, by name) and /metrics over plain HTTP. (OP-03) */
export async function serveHealth({ host, port, readiness, metrics, log }: HealthOptions): Promise<HealthServer> {
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    "/healthz": () => Promise.resolve({ status: 200, type: "text/plain", body: "ok\n" }),
    "/readyz": async () => {
      const state = await readiness();
      return { status: state.ready ? 200 : 503, type: "application/json", body: `${JSON.stringify(state)}\n` };
    },
    "/metrics": async () => ({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: await metrics() }),
  };

  async function answer(path: string): Promise<Answer> {
    try {
      return (await answers[path]?.()) ?? { status: 404, type: "text/plain", body: "not found\n" };
    } catch (error) {
      log.error({ err: error, path }, "a health request failed");
      return { status: 500, type: "text/plain", body: "internal\n" };
    }
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    void answer(path).then(({ status, type, body }) => {
      response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

type Answer = { readonly status: number; readonly type: string; readonly body: string };
