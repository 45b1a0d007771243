import type { Tx } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { traceparentNow } from "./trace.ts";

/** Work that may be a second late and is rare, since it wakes the jobs of every service: reconcilers, nightly runs. */
export type Job = {
  readonly name: string;
  /** Cron fields in UTC (minute hour day month weekday): the job is also run at these times, with payload {}. */
  readonly schedule?: string;
  /** Attempts before the job is given up, with a log line and a metric; 25 unless told (about three days). */
  readonly maxAttempts?: number;
  /** Does the work; an error means again, later. A crash may run it twice. */
  run(payload: unknown, helpers: JobHelpers): Promise<void>;
};

/** What a running job is given. */
export type JobHelpers = {
  readonly id: string;
  readonly log: Logger;
  /** 1 the first time. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Aborts when the service stops. */
  readonly signal: AbortSignal;
};

/** How a job is added. */
export type JobOptions = {
  /** Not before this time, by the platform's clock; at once unless told. */
  readonly runAt?: Temporal.Instant;
  /** A job with the same key that still waits is replaced. */
  readonly key?: string;
  readonly maxAttempts?: number;
};

/** The schema of a service's jobs. */
export function jobsSchemaOf(service: string): string {
  return `${service}_jobs`;
}

/** Adds jobs of one service, each in the transaction that decides on it. */
export type Enqueue = (tx: Tx, job: string, payload: unknown, options?: JobOptions) => Promise<void>;

/** Makes the function that adds a service's jobs; a name that no job of the service has is refused. */
export function enqueueInto(service: string, now: () => Temporal.Instant, jobs: () => readonly Job[]): Enqueue {
  const statement = `select from "${jobsSchemaOf(service)}".add_job(
    identifier => $1::text, payload => $2::json, run_at => $3::timestamptz, job_key => $4::text, max_attempts => $5::int)`;
  return async (tx, name, payload, { runAt, key, maxAttempts } = {}) => {
    const job = jobs().find((known) => known.name === name);
    if (job === undefined) throw new TypeError(`${service} has no job ${name}`);
    await tx.query(statement, [
      name,
      JSON.stringify(withTrace(payload ?? {})),
      runAt === undefined ? null : databaseTime(runAt, now).toString(),
      key ?? null,
      maxAttempts ?? job.maxAttempts ?? null,
    ]);
  };
}

// The job library goes by the database's own clock, which the platform's may be ahead of.
function databaseTime(at: Temporal.Instant, now: () => Temporal.Instant): Temporal.Instant {
  return Temporal.Now.instant().add(at.since(now()));
}

const traceKey = "_traceparent";

function withTrace(payload: unknown): unknown {
  const traceparent = traceparentNow();
  return traceparent !== undefined && isRecord(payload) ? { ...payload, [traceKey]: traceparent } : payload;
}

/** What was enqueued, and the trace in which it was. */
export function openPayload(stored: unknown): { readonly payload: unknown; readonly traceparent: string | undefined } {
  if (!isRecord(stored)) return { payload: stored, traceparent: undefined };
  const { [traceKey]: traceparent, ...payload } = stored;
  return { payload, traceparent: typeof traceparent === "string" ? traceparent : undefined };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
