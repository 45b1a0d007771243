import type { Logger } from "@dawr/telemetry";
import { Logger as JobLogger } from "graphile-worker";
import pg from "pg";

/** A small pool of its own for the job library; lost connections are logged and made anew. */
export function openJobsPool(connectionString: string, max: number, log: Logger): pg.Pool {
  const pool = new pg.Pool({ connectionString, max, application_name: "dawr jobs", idleTimeoutMillis: 30_000 });
  pool.on("error", (error) => log.warn({ err: error }, "an idle connection of the jobs was lost"));
  pool.on("connect", (client) => {
    client.on("error", (error) => log.warn({ err: error }, "a connection of the jobs was lost"));
  });
  return pool;
}

/** The library's own lines, except for those about a job's failure: that is told once, by the events above. */
export function jobLogger(log: Logger): JobLogger {
  return new JobLogger(() => (level, message) => {
    if (level === "error" && !/^Failed task /.test(message)) log.warn(message);
    else log.debug(message);
  });
}
