import { type Attributes, metrics } from "@opentelemetry/api";

/** What waits to be done: how much of it is due, and how long the oldest has been, in seconds. */
export type Backlog = { readonly due: number; readonly oldestSeconds: number };

/** The measures of stored work of one kind ("steps", "jobs"). */
export type WorkMetrics = {
  /** One attempt that ended; durations in milliseconds. */
  attempted(name: string, durationMs: number, failed: boolean): void;
  /** Work that will not be tried again. */
  givenUp(name: string): void;
  /** Stops asking for the backlog. */
  stop(): void;
};

/** Opens the measures of stored work; the backlog is asked for when somebody looks, and left out when it cannot be had. */
export function openWorkMetrics(
  kind: string,
  owner: Attributes,
  backlog: () => Promise<Backlog | undefined>,
): WorkMetrics {
  const meter = metrics.getMeter("@dawr/runtime");
  const durations = meter.createHistogram(`dawr.${kind}.duration`, { unit: "s", description: `Attempts at ${kind}` });
  const given = meter.createCounter(`dawr.${kind}.given_up`, {
    description: `Those of the ${kind} that failed too often`,
  });
  const due = meter.createObservableGauge(`dawr.${kind}.due`, {
    description: `Those of the ${kind} that wait although due`,
  });
  const oldest = meter.createObservableGauge(`dawr.${kind}.oldest.age`, {
    unit: "s",
    description: `How long the oldest of the ${kind} has been due`,
  });
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = async (result) => {
    const found = await backlog();
    if (found === undefined) return;
    result.observe(due, found.due, owner);
    result.observe(oldest, found.oldestSeconds, owner);
  };
  meter.addBatchObservableCallback(observe, [due, oldest]);
  return {
    attempted: (name, durationMs, failed) =>
      durations.record(durationMs / 1_000, { ...owner, name, outcome: failed ? "failed" : "done" }),
    givenUp: (name) => given.add(1, { ...owner, name }),
    stop: () => meter.removeBatchObservableCallback(observe, [due, oldest]),
  };
}
