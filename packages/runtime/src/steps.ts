import { StatementError, type Tx } from "@dawr/store";
import { traceparentNow } from "./trace.ts";

/** A stored next step of a saga: what has to be done next, outside any transaction. */
export type Step = {
  /** The same at every attempt: what request ids of calls are derived from. */
  readonly id: string;
  /** What the step is about, an aggregate's id. */
  readonly key: string;
  /** Which step it is. */
  readonly name: string;
  readonly payload: unknown;
  /** 1 the first time. */
  readonly attempt: number;
  /** Aborts when another runner has the step, or when the service can wait no longer for its end. */
  readonly signal: AbortSignal;
  /** Ends the step in the transaction of its effect, which fails with a lost step when another runner has it. */
  done(tx: Tx): void;
  /** Keeps the step for a later time, in the transaction of what was learnt, which fails as with done(). */
  later(tx: Tx, at: Temporal.Instant): void;
};

/** Runs stored steps: as soon as they are committed, at their time, after a crash, never two replicas at once. */
export type StepRunner = {
  /** `<service>.<what>`; steps are stored for it under this name, so that it stays for ever. */
  readonly name: string;
  /** Steps at once in this process; 8 unless told. */
  readonly concurrency?: number;
  /** A crashed runner's steps are taken over after this; 10 s unless told. Running steps renew their claim. */
  readonly lease?: Temporal.Duration;
  /**
   * Does one step: calls the network, then stores the result with step.done(tx). An error means again, later. A step
   * that returns without done() or later() has ended too.
   */
  run(step: Step): Promise<void>;
};

/** Describes a runner of stored steps; give it in Parts.steps and the runtime runs it. */
export function stepRunner(runner: StepRunner): StepRunner {
  return runner;
}

/** A step to be stored. */
export type NewStep = {
  /** UUID; a step that is known by this id already is left as it is. */
  readonly id?: string;
  /** The runner's name. */
  readonly runner: string;
  readonly key: string;
  readonly name: string;
  /** JSON; no personal data. */
  readonly payload?: unknown;
  /** When to run, by the platform's clock; at once unless told. */
  readonly at?: Temporal.Instant;
};

/** Says that a step's claim was lost: whoever has it now does the work. */
export class StepLost extends Error {
  override readonly name = "StepLost";
}

/** Whether a transaction, or its step, ended because another runner has the step. */
export function isStepLost(error: unknown): boolean {
  return error instanceof StepLost || (error instanceof StatementError && error.sqlState === stepLostState);
}

/** What saga_step_settle() raises. */
const stepLostState = "DW001";

/** Stores a step in the transaction that decides on it, and wakes its runner when that commits. */
export function addStep(tx: Tx, step: NewStep): void {
  addSteps(tx, [step]);
}

/** The same for several steps, in one statement. */
export function addSteps(tx: Tx, steps: readonly NewStep[]): void {
  if (steps.length === 0) return;
  tx.post(insertStatement, [
    steps.map((step) => step.id ?? null),
    steps.map((step) => step.runner),
    steps.map((step) => step.key),
    steps.map((step) => step.name),
    steps.map((step) => JSON.stringify(step.payload ?? null)),
    steps.map((step) => step.at ?? null),
    traceparentNow() ?? null,
  ]);
  for (const runner of new Set(steps.map((step) => step.runner))) tx.notify(channelOf(runner));
}

const insertStatement = `
  insert into saga_step (id, runner, key, name, payload, due_time, traceparent)
  select coalesce(id, gen_random_uuid()), runner, key, name, payload::jsonb, due_time, $7
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    as s (id, runner, key, name, payload, due_time)
  on conflict (id) do nothing`;

/** The channel that wakes a runner. */
export function channelOf(runner: string): string {
  return `saga_step:${runner}`;
}
