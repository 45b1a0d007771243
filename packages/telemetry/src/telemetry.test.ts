import { createServer } from "node:http";
import { ConfigError } from "@dawr/config";
import { afterEach, describe, expect, test } from "@jest/globals";
import { metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter } from "@opentelemetry/sdk-trace-base";
import { startTelemetry, type Telemetry, type TelemetryOptions } from "./index.ts";

let running: Telemetry | undefined;
const written: string[] = [];

afterEach(async () => {
  await running?.shutdown();
  running = undefined;
  written.length = 0;
});

async function start(options: Partial<TelemetryOptions> = {}): Promise<Telemetry> {
  const destination = { write: (line: string) => written.push(line) };
  running = await startTelemetry({ service: "booking", version: "1.2.3", env: {}, destination, ...options });
  return running;
}

describe("startTelemetry", () => {
  test("given no exporter, when a span is started, then nothing is recorded", async () => {
    await start();
    const span = trace.getTracer("test").startSpan("work");
    expect(span.isRecording()).toBe(false);
    expect(span.spanContext().traceId).toBe("00000000000000000000000000000000");
  });

  test("given instruments, when metrics are asked for, then they come as Prometheus text with the process's own", async () => {
    const telemetry = await start();
    const meter = metrics.getMeter("test");
    meter.createCounter("bookings.held").add(2, { vertical: "salon" });
    meter.createHistogram("rpc.server.call.duration", { unit: "s" }).record(0.004);
    const text = await telemetry.metrics();
    expect(text).toMatch(/bookings_held_total\{.*vertical="salon".*\} 2/);
    expect(text).toMatch(/rpc_server_call_duration_bucket\{.*le="0.005".*\} 1/);
    expect(text).toMatch(/rpc_server_call_duration_bucket\{.*le="0.0025".*\} 0/);
    expect(text).toMatch(/service_name="booking"/);
    for (const name of [
      "nodejs_eventloop_delay_p99",
      "nodejs_eventloop_utilization",
      "v8js_memory_heap_used",
      "process_memory_usage",
    ])
      expect(text).toContain(name);
  });

  test("given a span exporter, when a line is logged within a span, then it has the trace's ids", async () => {
    const exporter = new InMemorySpanExporter();
    const telemetry = await start({ spanExporter: exporter });
    await trace.getTracer("test").startActiveSpan("outer", async (outer) => {
      await Promise.resolve();
      trace.getTracer("test").startActiveSpan("inner", (inner) => {
        telemetry.log.info("here");
        inner.end();
      });
      outer.end();
    });
    const [inner, outer] = exporter.getFinishedSpans();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(JSON.parse(written[0] ?? "")).toMatchObject({
      trace_id: outer?.spanContext().traceId,
      span_id: inner?.spanContext().spanId,
    });
  });

  test("given personal data in a span, when it is exported, then it is not there, and the rest is", async () => {
    const exporter = new InMemorySpanExporter();
    await start({ spanExporter: exporter });
    const span = trace.getTracer("test").startSpan("mail to layla@example.com");
    span.setAttributes({ "user.email": "x", "http.request.header.authorization": "Bearer 123", "rpc.method": "Hold" });
    span.setAttribute("note", "call +962791234567");
    span.setAttribute("recipients", ["layla@example.com"]);
    span.recordException(new Error("no such user layla@example.com"));
    span.setStatus({ code: SpanStatusCode.ERROR, message: "layla@example.com" });
    span.end();
    const [exported] = exporter.getFinishedSpans();
    expect(exported?.attributes).toEqual({
      "user.email": "[redacted]",
      "http.request.header.authorization": "[redacted]",
      "rpc.method": "Hold",
      note: "call [phone]",
      recipients: ["[e-mail]"],
    });
    const all = JSON.stringify([exported?.name, exported?.status, exported?.events]);
    expect(all).toContain("exception.message");
    expect(all).not.toContain("layla");
    expect(exported?.spanContext().traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(exported?.duration).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test("given a sampler that keeps nothing, when a span ends, then nothing is exported", async () => {
    const exporter = new InMemorySpanExporter();
    await start({ spanExporter: exporter, env: { OTEL_TRACES_SAMPLER: "always_off" } });
    trace.getTracer("test").startSpan("work").end();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test("given a collector, when telemetry shuts down, then it has had traces, metrics and logs without personal data", async () => {
    const collector = await startCollector();
    try {
      const telemetry = await start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
      trace.getTracer("test").startActiveSpan("to the collector", (span) => {
        telemetry.log.info({ email: "layla@example.com" }, "logged for the collector");
        span.end();
      });
      await telemetry.shutdown();
      running = undefined;
      expect([...collector.received.keys()].sort()).toEqual(["/v1/logs", "/v1/metrics", "/v1/traces"]);
      expect(collector.received.get("/v1/traces")).toContain("to the collector");
      expect(collector.received.get("/v1/logs")).toContain("logged for the collector");
      expect(collector.received.get("/v1/logs")).not.toContain("layla");
      expect(collector.received.get("/v1/metrics")).toContain("process.memory.usage");
    } finally {
      await collector.close();
    }
  });

  test("given wrong variables, when it starts, then all are named", async () => {
    const env = { LOG_LEVEL: "loud", OTEL_TRACES_SAMPLER_ARG: "2", OTEL_EXPORTER_OTLP_PROTOCOL: "carrier-pigeon" };
    const error: unknown = await start({ env }).catch((reason: unknown) => reason);
    if (!(error instanceof ConfigError)) throw new Error("it started");
    expect(error.problems.map((problem) => problem.name)).toEqual([
      "LOG_LEVEL",
      "OTEL_EXPORTER_OTLP_PROTOCOL",
      "OTEL_TRACES_SAMPLER_ARG",
    ]);
  });
});

async function startCollector() {
  const received = new Map<string, string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      received.set(path, (received.get(path) ?? "") + Buffer.concat(chunks).toString("latin1"));
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
