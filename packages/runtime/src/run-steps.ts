import { randomUUID } from "node:crypto";
import type { Store, Tx } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import { type Attributes, context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { backoffMs } from "./backoff.ts";
import { createLatch } from "./latch.ts";
import { channelOf, isStepLost, type Step, StepLost, type StepRunner } from "./steps.ts";
import { contextOf } from "./trace.ts";
import { type Backlog, openWorkMetrics } from "./work-metrics.ts";

export type StepDeps = {
  readonly store: Pick<Store, "transaction" | "query" | "read" | "listen">;
  readonly now: () => Temporal.Instant;
  readonly log: Logger;
};

/** stop() waits for the steps that run; those that still run after `graceMs` are told to give up. */
export type RunningSteps = { stop(graceMs?: number): Promise<void> };

type Claimed = {
  /** Of one look for steps, so that even this process's own later claim of a row is another one. */
  readonly claimId: string;
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly traceparent: string | null;
};

type LookRow = {
  readonly steps: readonly Omit<Claimed, "claimId">[];
  readonly waits: boolean | null;
  readonly due: Temporal.Instant | null;
  readonly ends_in_ms: number | null;
};

type Look = {
  readonly claimed: readonly Claimed[];
  readonly due: Temporal.Instant | undefined;
  readonly claimEndsInMs: number;
};

const backoff = { minMs: 100, maxMs: 60_000 };

/** The clock may be stepped while we sleep: it is looked at this often. */
const lookAgainMs = 250;
/** A NOTIFY may be lost with the process that was about to send it: its steps are found without one. */
const askAgainMs = 5_000;
const soonMs = 20;

/** After so many failures in a row, a step is an operator's business. */
const alarmingAttempts = 8;

const tracer = trace.getTracer("@dawr/runtime");

/** Runs the stored steps of one runner until it is stopped. */
export async function startStepRunner(runner: StepRunner, { store, now, log }: StepDeps): Promise<RunningSteps> {
  const { concurrency = 8, lease = Temporal.Duration.from({ seconds: 10 }) } = runner;
  const leaseMs = lease.total("milliseconds");
  const latch = createLatch();
  const running = new Map<AbortController, Promise<void>>();
  const measures = openWorkMetrics("steps", { runner: runner.name }, backlog);
  const unlisten = await store.listen(channelOf(runner.name), () => latch.ring());
  let stopped = false;
  /** There may be more to do than could be taken: the next one that ends makes room. */
  let isCrowded = false;

  /** Takes what is to be done, and learns when to look again: at the next step's time (now, if it has none), or when a claim ends. */
  async function look(limit: number): Promise<Look> {
    const claimId = randomUUID();
    const [row] = await store.query<LookRow>(
      "select steps, waits, due, ends_in_ms from saga_step_look($1, $2::int, $3::uuid, $4::float8, $5::timestamptz)",
      [runner.name, limit, claimId, leaseMs, now().toString()],
    );
    return {
      claimed: (row?.steps ?? []).map((step) => ({ ...step, claimId })),
      due: row?.waits === true ? (row.due ?? now()) : undefined,
      claimEndsInMs: row?.ends_in_ms ?? askAgainMs,
    };
  }

  async function backlog(): Promise<Backlog | undefined> {
    try {
      const [row] = await store.read((tx) =>
        tx.query<Backlog>(
          `select count(*)::int as due,
                  coalesce(extract(epoch from clock_now() - min(coalesce(due_time, create_time))), 0)::float8 as "oldestSeconds"
           from saga_step where runner = $1 and claim is null and (due_time is null or due_time <= clock_now())`,
          [runner.name],
        ),
      );
      return row;
    } catch (error) {
      log.warn({ err: error, runner: runner.name }, "the steps that wait could not be counted");
      return undefined;
    }
  }

  function begin(claimed: Claimed): void {
    const controller = new AbortController();
    const work = runOne(claimed, controller).finally(() => {
      running.delete(controller);
      if (isCrowded) latch.ring();
    });
    running.set(controller, work);
  }

  async function runOne(claimed: Claimed, controller: AbortController): Promise<void> {
    const attributes: Attributes = {
      "dawr.step.runner": runner.name,
      "dawr.step.name": claimed.name,
      "dawr.step.attempt": claimed.attempts,
    };
    const parent = contextOf(claimed.traceparent ?? undefined);
    const span = tracer.startSpan(`step ${claimed.name}`, { kind: SpanKind.INTERNAL, attributes }, parent);
    const renewal = setInterval(() => renew(claimed, controller), leaseMs / 3);
    const startedAt = performance.now();
    let settled = false;
    let isFailed = false;
    const settle = (tx: Tx, at?: Temporal.Instant) => {
      tx.post("select saga_step_settle($1, $2, $3)", [claimed.id, claimed.claimId, at?.toString() ?? null]);
      settled = true;
    };
    const step: Step = {
      ...claimed,
      attempt: claimed.attempts,
      signal: controller.signal,
      done: (tx) => settle(tx),
      later: (tx, at) => {
        settle(tx, at);
        tx.notify(channelOf(runner.name));
      },
    };
    try {
      await context.with(trace.setSpan(parent, span), () => runner.run(step));
      if (!settled) await store.transaction((tx) => step.done(tx));
    } catch (error) {
      isFailed = true;
      span.setStatus({ code: SpanStatusCode.ERROR });
      await failed(claimed, error);
    } finally {
      measures.attempted(claimed.name, performance.now() - startedAt, isFailed);
      clearInterval(renewal);
      span.end();
    }
  }

  async function renew(claimed: Claimed, controller: AbortController): Promise<void> {
    try {
      const rows = await store.query(
        `update saga_step set claim_end_time = clock_timestamp() + $3 * interval '1 millisecond'
         where id = $1 and claim = $2 and claim_end_time > clock_timestamp() returning id`,
        [claimed.id, claimed.claimId, leaseMs],
      );
      // The step may also have just ended, in which case nobody listens to its signal any more.
      if (rows.length === 0) controller.abort(new StepLost(`step ${claimed.id} is no longer in these hands`));
    } catch (error) {
      log.warn({ err: error, step: claimed.name }, "a step's claim was not renewed");
    }
  }

  async function failed(claimed: Claimed, error: unknown): Promise<void> {
    if (isStepLost(error)) {
      log.warn(
        { runner: runner.name, step: claimed.name, key: claimed.key },
        "a step was taken over by another runner",
      );
      return;
    }
    const waitMs = backoffMs(claimed.attempts, backoff);
    const line = {
      err: error,
      runner: runner.name,
      step: claimed.name,
      key: claimed.key,
      attempt: claimed.attempts,
      waitMs,
    };
    if (claimed.attempts >= alarmingAttempts) log.error(line, "a step keeps failing; it is tried again");
    else log.warn(line, "a step failed; it is tried again");
    try {
      await store.query(
        `update saga_step
         set due_time = $3::timestamptz, claim = null, claim_end_time = null, last_error = $4
         where id = $1 and claim = $2`,
        [claimed.id, claimed.claimId, now().add({ milliseconds: waitMs }).toString(), nameOf(error)],
      );
      latch.ring();
    } catch (failure) {
      // The claim ends by itself, and the step is run again then.
      log.error({ err: failure, step: claimed.name }, "a step's failure was not stored");
    }
  }

  async function turn(): Promise<void> {
    const free = concurrency - running.size;
    isCrowded = free <= 0;
    if (isCrowded) {
      await latch.wait(askAgainMs);
      return;
    }
    const { claimed, due, claimEndsInMs } = await look(free);
    claimed.forEach(begin);
    if (claimed.length === free) return;
    if (claimed.length === 0 && claimEndsInMs <= 0) {
      // A claim has ended, but its runner's last transaction still has the row's lock.
      await latch.wait(soonMs);
      return;
    }
    const askAt = performance.now() + Math.min(askAgainMs, Math.max(0, claimEndsInMs));
    let rung = false;
    while (!rung && performance.now() < askAt) {
      const dueInMs = due === undefined ? askAgainMs : due.since(now()).total("milliseconds");
      if (dueInMs <= 0) {
        // Another runner has the row's lock at this moment.
        if (claimed.length === 0) await latch.wait(soonMs);
        return;
      }
      rung = await latch.wait(Math.min(dueInMs, askAt - performance.now(), lookAgainMs));
    }
  }

  async function loop(): Promise<void> {
    let failures = 0;
    while (!stopped) {
      try {
        await turn();
        failures = 0;
      } catch (error) {
        failures += 1;
        log.error({ err: error, runner: runner.name, failures }, "a step runner failed; it tries again");
        await latch.wait(backoffMs(failures, backoff));
      }
    }
  }

  const looping = loop();
  return {
    async stop(graceMs = 10_000) {
      stopped = true;
      latch.ring();
      await looping;
      const limit = setTimeout(() => {
        for (const controller of running.keys()) controller.abort(new Error("the service stops"));
      }, graceMs);
      await Promise.all(running.values());
      clearTimeout(limit);
      measures.stop();
      await unlisten();
    },
  };
}

/** What is kept of an error beside the step: no message, which could hold what a person wrote. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return "reason" in error && typeof error.reason === "string" ? error.reason : error.name;
}
