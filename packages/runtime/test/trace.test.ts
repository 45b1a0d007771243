import { randomUUID } from "node:crypto";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { type Running, runAll } from "../src/index.ts";
import { testingService, watcherService } from "./services.ts";
import { openWorld, type World } from "./world.ts";

const exporter = new InMemorySpanExporter();
let world: World;
let running: Running;

beforeAll(async () => {
  world = await openWorld();
  const { env, services, logDestination } = world;
  running = await runAll([testingService(), watcherService], { env, services, logDestination, spanExporter: exporter });
});
afterAll(async () => {
  await running.stop();
  await world.close();
});

const post = (method: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${running.urls.door}/dawr.testing.v1.EchoService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

const traceId = () => randomUUID().replaceAll("-", "");

describe("one trace", () => {
  test("given a caller's trace, when a write goes through the door, then service, SQL, event, step and job are all in it", async () => {
    const trace = traceId();
    const id = randomUUID();
    const answer = await post(
      "Write",
      { text: "traced", requestId: id },
      { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    );
    expect(answer.status).toBe(200);
    const spans = await eventually(() => {
      const found = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === trace);
      for (const name of [/EchoService\/Write/, /^process dawr\.testing/, /^step tell/, /^job tidy/])
        expect(found.map((span) => span.name)).toContainEqual(expect.stringMatching(name));
      return found;
    });
    const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
    const ancestors = (span: ReadableSpan): string[] => {
      const parent = byId.get(span.parentSpanContext?.spanId ?? "");
      return parent === undefined ? [] : [parent.name, ...ancestors(parent)];
    };
    const sqlOfConsumer = spans.find(
      (span) => isSql(span) && ancestors(span).some((name) => name.startsWith("process ")),
    );
    expect(sqlOfConsumer).toBeDefined();
    const sqlOfService = spans.filter((span) => isSql(span) && ancestors(span)[0]?.includes("EchoService/Write"));
    expect(sqlOfService.length).toBeGreaterThan(0);
    // Everything hangs together: each span's line of parents ends at the door, whose own parent is the caller.
    for (const span of spans) {
      const root = [span.name, ...ancestors(span)].at(-1);
      expect(root).toContain("EchoService/Write");
    }
    const doors = spans.filter((span) => span.parentSpanContext?.spanId === "00f067aa0ba902b7");
    expect(doors).toHaveLength(1);
  });

  test("given people's data in requests, rows and logs, when spans and lines are looked at, then it is in none", async () => {
    const person = {
      email: "rania.khoury@example.com",
      phone: "+962790001122",
      token: "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln",
    };
    await post("Echo", { text: "hello", email: person.email });
    await post("Write", { text: `call me at ${person.phone} or ${person.email}`, requestId: randomUUID() });
    await post("EchoSignedIn", { text: "x" }, { authorization: `Bearer ${person.token}` });
    await eventually(() => {
      const jobs = exporter.getFinishedSpans().filter((span) => span.name === "job tidy");
      expect(jobs.length).toBeGreaterThanOrEqual(2);
    });
    const spans = exporter
      .getFinishedSpans()
      .map((span) =>
        JSON.stringify([span.name, span.attributes, span.events, span.status], (_key, value: unknown) =>
          typeof value === "bigint" ? value.toString() : value,
        ),
      );
    expect(world.lines.length).toBeGreaterThan(10);
    expect(world.lines.join("")).toContain("asked by [e-mail]");
    for (const value of Object.values(person)) {
      for (const span of spans) expect(span).not.toContain(value);
      for (const line of world.lines) expect(line).not.toContain(value);
    }
  });
});

function isSql(span: ReadableSpan): boolean {
  return "db.system.name" in span.attributes || "db.system" in span.attributes;
}
