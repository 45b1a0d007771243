import { EventEmitter } from "node:events";
import { type Logger, redactText } from "@dawr/telemetry";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { parseCronItems, type Runner, run, type Task, type WorkerEvents } from "graphile-worker";
import pg from "pg";
import { type Job, jobsSchemaOf, openPayload } from "./jobs.ts";
import { jobLogger, openJobsPool } from "./jobs-database.ts";
import type { Background } from "./timer.ts";
import { contextOf } from "./trace.ts";
import { type Backlog, openWorkMetrics, type WorkMetrics } from "./work-metrics.ts";

/** Connections that a service's jobs take at most: one listens, the others fetch and finish. */
const jobConnections = 3;
const concurrency = 4;

/** How late a job with a time may be, and one that failed. */
const pollMs = 1_000;

/**
 * One asks for all that are free, instead of each for itself; what it finds beyond those is given back after a while, since
 * another process may have time for it. Ends of jobs are told in batches, too (of those of one moment): only then does the
 * library wait for them when it stops, and hear when one could not be stored.
 */
const batches = {
  localQueue: { size: concurrency, ttl: pollMs },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

/** A running job says this often that it lives; when it has not for so long, its process is believed dead. */
const heartbeatMs = 4_000;
const deadAfterMs = 15_000;

/** The pause before a job runner that ended by itself is started again. */
const restartMs = 200;

export type JobsDeps = { readonly service: string; readonly url: string; readonly log: Logger };

/** Runs a service's jobs, those that were added and those of the schedule, until it is stopped. */
export async function startJobs(jobs: readonly Job[], { service, url, log }: JobsDeps): Promise<Background> {
  const pool = openJobsPool(url, jobConnections, log);
  const schema = jobsSchemaOf(service);
  const events: WorkerEvents = new EventEmitter();
  const measures = openWorkMetrics("jobs", { service }, () => backlogOf(schema, pool, log));
  const pools = new Set<string>();
  events.on("pool:create", ({ workerPool }) => pools.add(workerPool.id));
  // What it could not give back is nobody's any more.
  events.on("pool:release", ({ workerPool }) => pools.delete(workerPool.id));
  events.on("job:error", ({ job, error }) => {
    if (job.attempts >= job.max_attempts) return;
    const about = { job: job.task_identifier, attempt: job.attempts, maxAttempts: job.max_attempts };
    log.warn({ err: thrownBy(error), ...about }, "a job failed; it is tried again");
  });
  events.on("job:failed", ({ job, error }) => {
    measures.givenUp(job.task_identifier);
    log.error(
      { err: thrownBy(error), job: job.task_identifier, id: job.id, attempts: job.attempts },
      "a job is given up",
    );
  });
  const launch = (): Promise<Runner> =>
    run({
      pgPool: pool,
      schema,
      concurrency,
      pollInterval: pollMs,
      preset: { worker: batches },
      noHandleSignals: true,
      events,
      logger: jobLogger(log),
      taskList: Object.fromEntries(jobs.map((job) => [job.name, taskOf(job, measures, log)])),
      parsedCronItems: parseCronItems(
        jobs.flatMap((job) =>
          job.schedule === undefined
            ? []
            : [{ task: job.name, match: job.schedule, identifier: job.name, options: scheduled(job) }],
        ),
      ),
    });
  let runner: Runner | undefined;
  let isStopping = false;
  let restart: NodeJS.Timeout | undefined;

  /** The library ends its workers when any schema of the database is migrated: ours go on, on the next connection. */
  function keepRunning(running: Runner): void {
    runner = running;
    running.promise
      .catch((error: unknown) => log.error({ err: error }, "the job runner failed"))
      .finally(() => {
        if (running === runner && !isStopping) again();
      });
  }
  function again(): void {
    runner = undefined;
    restart = setTimeout(() => {
      launch().then(
        (next) => (isStopping ? next.stop() : keepRunning(next)),
        (error: unknown) => {
          log.error({ err: error }, "the job runner did not start again");
          if (!isStopping) again();
        },
      );
    }, restartMs);
  }

  try {
    keepRunning(await launch());
    const heartbeat = setInterval(() => beat(), heartbeatMs);
    const beat = () =>
      pool.query(heartbeatOf(schema), [[...pools], deadAfterMs]).catch((error: unknown) => {
        log.warn({ err: error }, "jobs of dead processes were not looked for");
      });
    return {
      async stop() {
        isStopping = true;
        clearTimeout(restart);
        clearInterval(heartbeat);
        measures.stop();
        await runner?.stop();
        await pool.end();
      },
    };
  } catch (error) {
    measures.stop();
    await pool.end();
    throw error;
  }
}

const tracer = trace.getTracer("@dawr/runtime");

function taskOf(job: Job, measures: WorkMetrics, log: Logger): Task {
  return async (stored, helpers) => {
    const { payload, traceparent } = openPayload(stored);
    const parent = contextOf(traceparent);
    const span = tracer.startSpan(`job ${job.name}`, { kind: SpanKind.CONSUMER }, parent);
    const { id, attempts, max_attempts } = helpers.job;
    const given = {
      id: String(id),
      log: log.child({ job: job.name, jobId: String(id) }),
      attempt: attempts,
      maxAttempts: max_attempts,
      signal: helpers.abortSignal,
    };
    const startedAt = performance.now();
    let isFailed = true;
    try {
      await context.with(trace.setSpan(parent, span), () => job.run(payload, given));
      isFailed = false;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      // The library stores the message beside the job, where no personal data may be.
      const message = error instanceof Error ? redactText(error.message) : "what was thrown is no error";
      throw new Error(message, { cause: error });
    } finally {
      measures.attempted(job.name, performance.now() - startedAt, isFailed);
      span.end();
    }
  };
}

async function backlogOf(schema: string, pool: pg.Pool, log: Logger): Promise<Backlog | undefined> {
  try {
    const { rows } = await pool.query<Backlog>(
      `select count(*)::int as due, coalesce(extract(epoch from now() - min(run_at)), 0)::float8 as "oldestSeconds"
       from ${pg.escapeIdentifier(schema)}._private_jobs where is_available and run_at <= now()`,
    );
    return rows[0];
  } catch (error) {
    log.warn({ err: error }, "the jobs that wait could not be counted");
    return undefined;
  }
}

/** What the job itself threw: taskOf wraps it for the library. */
function thrownBy(error: unknown): unknown {
  return error instanceof Error ? (error.cause ?? error) : error;
}

/** A scheduled job that has not run yet is not added a second time. */
function scheduled(job: Job) {
  return { jobKey: `schedule:${job.name}`, maxAttempts: job.maxAttempts ?? 25, backfillPeriod: 0 };
}

/** Renews the locks of jobs that run here, and frees those whose process has not renewed them: it was killed. */
function heartbeatOf(schema: string): string {
  const jobs = `${pg.escapeIdentifier(schema)}._private_jobs`;
  return `
    with mine as (
      update ${jobs} set locked_at = clock_timestamp() where locked_by = any($1::text[]) returning id)
    update ${jobs} j
    set locked_at = null, locked_by = null, run_at = greatest(run_at, now())
    where locked_at < clock_timestamp() - $2 * interval '1 millisecond' and locked_by <> all($1::text[])
      and not exists (select from mine where mine.id = j.id)`;
}
