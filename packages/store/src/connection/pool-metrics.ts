import { metrics } from "@opentelemetry/api";
import type pg from "pg";

/** What is measured of a pool as it is used; the rest is observed. */
export type PoolMetrics = {
  readonly waited: (ms: number) => void;
  readonly refused: () => void;
  readonly close: () => void;
};

/** Reports a pool by OpenTelemetry's conventions: connections idle and used, the limit, who waits and for how long. */
export function poolMetrics(pool: pg.Pool, name: string): PoolMetrics {
  const meter = metrics.getMeter("@dawr/store");
  const attributes = { "db.client.connection.pool.name": name };
  const count = meter.createObservableUpDownCounter("db.client.connection.count", {
    description: "Database connections by state",
    unit: "{connection}",
  });
  const max = meter.createObservableUpDownCounter("db.client.connection.max", {
    description: "Database connections allowed",
    unit: "{connection}",
  });
  const pending = meter.createObservableUpDownCounter("db.client.connection.pending_requests", {
    description: "Callers that wait for a database connection",
    unit: "{request}",
  });
  const timeouts = meter.createCounter("db.client.connection.timeouts", {
    description: "Callers that were refused because no connection became free in time",
    unit: "{timeout}",
  });
  const waitTime = meter.createHistogram("db.client.connection.wait_time", {
    description: "Time that callers waited for a database connection",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] },
  });
  const observables = [count, max, pending];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    result.observe(count, pool.idleCount, { ...attributes, "db.client.connection.state": "idle" });
    result.observe(count, pool.totalCount - pool.idleCount, { ...attributes, "db.client.connection.state": "used" });
    result.observe(max, pool.options.max, attributes);
    result.observe(pending, pool.waitingCount, attributes);
  };
  meter.addBatchObservableCallback(observe, observables);
  return {
    waited: (ms) => waitTime.record(ms / 1_000, attributes),
    refused: () => timeouts.add(1, attributes),
    close: () => meter.removeBatchObservableCallback(observe, observables),
  };
}
