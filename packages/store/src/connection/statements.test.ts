import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { defineEntity, p } from "@mikro-orm/core";
import { context, metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";
import type { Store } from "../index.ts";

const Pet = defineEntity({ name: "Pet", properties: { id: p.integer().primary(), name: p.text() } });

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
const tracer = trace.getTracer("test");

let schema: TestSchema;
let store: Store;

beforeAll(async () => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  schema = await testSchema("create table pet (id int primary key, name text not null);");
  store = await schema.open({ entities: [Pet], maxConnections: 3 });
});

beforeEach(() => spans.reset());

afterAll(async () => {
  await schema.drop();
  await reader.shutdown();
  trace.disable();
  metrics.disable();
  context.disable();
});

describe("telemetry of statements", () => {
  test("is one client span each, in the caller's trace, with no value in it", async () => {
    const recorded = await traced(() =>
      store.transaction(async (tx) => {
        await tx.query("insert into pet values ($1, $2)", [1, "Layla's Rex"]);
        tx.em.create(Pet, { id: 2, name: "Layla's Bo" });
        await tx.em.flush();
        await tx.em.find(Pet, { name: "Layla's Bo" });
      }),
    );
    expect(recorded.map(({ name }) => name)).toEqual(["BEGIN", "INSERT pet", "INSERT pet", "SELECT pet", "COMMIT"]);
    expect(recorded[1]?.attributes).toMatchObject({
      "db.system.name": "postgresql",
      "db.operation.name": "INSERT",
      "db.collection.name": "pet",
      "db.query.text": "insert into pet values ($1, $2)",
      "db.query.summary": "INSERT pet",
      "server.address": "127.0.0.1",
    });
    expect(recorded[1]?.attributes["db.namespace"]).toMatch(/\|probe$/);
    expect(JSON.stringify(recorded.map(({ attributes, events }) => [attributes, events]))).not.toContain("Layla");
    expect(new Set(recorded.map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  test("says why a statement failed, without its values", async () => {
    const recorded = await traced(() =>
      store.transaction((tx) => tx.query("insert into pet values ($1, $2)", [1, "Layla"])).catch(() => {}),
    );
    const failed = recorded.find(({ name }) => name === "INSERT pet");
    expect(failed?.status.code).toBe(SpanStatusCode.ERROR);
    expect(failed?.attributes).toMatchObject({ "error.type": "23505", "db.response.status_code": "23505" });
    expect(recorded.map(({ name }) => name)).toEqual(["BEGIN", "INSERT pet", "ROLLBACK"]);
    expect(JSON.stringify(failed?.events)).not.toContain("Layla");
  });

  test("outside a trace is no span", async () => {
    await store.transaction((tx) => tx.query("select 1"));
    expect(spans.getFinishedSpans()).toEqual([]);
  });

  test("counts connections, who waits, and the time that statements take", async () => {
    const found = await store.transaction(async () => await collect());
    expect(found.get("db.client.connection.count")).toEqual(
      expect.arrayContaining([
        { attributes: { "db.client.connection.pool.name": "probe", "db.client.connection.state": "used" }, value: 1 },
      ]),
    );
    expect(found.get("db.client.connection.max")).toEqual([
      { attributes: { "db.client.connection.pool.name": "probe" }, value: 3 },
    ]);
    for (const name of [
      "db.client.operation.duration",
      "db.client.connection.wait_time",
      "db.client.connection.pending_requests",
    ]) {
      expect(found.has(name)).toBe(true);
    }
  });
});

async function traced(work: () => Promise<unknown>): Promise<readonly ReadableSpan[]> {
  await tracer.startActiveSpan("caller", async (span) => {
    await work();
    span.end();
  });
  return spans.getFinishedSpans().filter(({ name }) => name !== "caller");
}

async function collect(): Promise<ReadonlyMap<string, readonly { attributes: unknown; value: unknown }[]>> {
  const { resourceMetrics } = await reader.collect();
  const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return new Map(
    all.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      dataPoints.map(({ attributes, value }) => ({ attributes, value })),
    ]),
  );
}
