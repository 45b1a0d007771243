import { Code } from "@connectrpc/connect";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { echoFixture } from "../../test/echo-service.ts";
import { errorOf } from "../../test/eventually.ts";
import { grpcCaller } from "../grpc/grpc-caller.ts";
import { serveGrpc } from "../grpc/serve-grpc.ts";
import { memoryCaller } from "../memory/memory-caller.ts";
import { statusName } from "./telemetry.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(() => provider.register());
beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});

test("a call over grpc-js is one trace: the client's span, and the server's below it", async () => {
  const { mounted } = echoFixture();
  const server = await serveGrpc({ mounted: [mounted], port: 0, host: "127.0.0.1" });
  const caller = grpcCaller({ addresses: [`127.0.0.1:${server.port}`] });
  await trace.getTracer("test").startActiveSpan("root", async (root) => {
    await caller.client(EchoService).echo({ text: "a" });
    root.end();
  });
  caller.close();
  await server.close(0);
  const spans = exporter.getFinishedSpans();
  const [root, client, inbound] = [
    spans.find((s) => s.name === "root"),
    spans.find((s) => s.kind === SpanKind.CLIENT),
    spans.find((s) => s.kind === SpanKind.SERVER),
  ];
  expect(client?.name).toBe("dawr.testing.v1.EchoService/Echo");
  expect(client?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
  expect(inbound?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId);
  expect(new Set(spans.map((s) => s.spanContext().traceId)).size).toBe(1);
  expect(inbound?.attributes).toEqual({ "rpc.system.name": "grpc", "rpc.method": "dawr.testing.v1.EchoService/Echo" });
});

test("a call in memory is one span below what is active, and the handler runs in it", async () => {
  const { mounted } = echoFixture();
  const client = memoryCaller(() => [mounted]).client(EchoService);
  await trace.getTracer("test").startActiveSpan("root", async (root) => {
    await client.echo({ text: "a" });
    root.end();
  });
  const [call, root] = exporter.getFinishedSpans();
  expect(call?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
});

test("a failure of ours marks the span, a mistake of the caller's does not; what it said is in neither", async () => {
  const { mounted } = echoFixture();
  const client = memoryCaller(() => [mounted]).client(EchoService);
  await errorOf(client.echo({ failWith: "broken" }));
  await errorOf(client.echo({ number: -1, email: "anna@example.com" }));
  const [ours, theirs] = exporter.getFinishedSpans();
  expect(ours?.status.code).toBe(SpanStatusCode.ERROR);
  expect(ours?.attributes["rpc.response.status_code"]).toBe("INTERNAL");
  expect(theirs?.status.code).toBe(SpanStatusCode.UNSET);
  expect(theirs?.attributes["rpc.response.status_code"]).toBe("INVALID_ARGUMENT");
  expect(JSON.stringify([theirs?.attributes, theirs?.events])).not.toContain("anna@example.com");
});

test.each([
  [Code.NotFound, "NOT_FOUND"],
  [Code.Canceled, "CANCELLED"],
  [Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
])("code %s is called %s", (code, name) => {
  expect(statusName(code)).toBe(name);
});
