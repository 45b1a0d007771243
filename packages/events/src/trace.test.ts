import { eventually } from "@dawr/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { context, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { change, consumerOf, now, openWorld, silent, type World } from "../test/bus-world.ts";
import { inProcessBus } from "./in-process/bus.ts";
import { inProcessSpan, traceOfCreation } from "./trace.ts";

describe("an event's trace", () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = () => trace.getTracer("test");
  beforeAll(() => provider.register());
  afterEach(() => exporter.reset());
  afterAll(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  test("given an act that publishes, then what consumers do is in its trace, below the event's creation", async () => {
    const world: World = await openWorld(async () => inProcessBus({ log: silent, now }));
    try {
      await world.bus.subscribe(
        [consumerOf("desk.copies", () => tracer().startActiveSpan("handler's own", async (span) => span.end()))],
        world.reader,
      );
      await world.startRelay();
      await tracer().startActiveSpan("act", async (span) => {
        await change(world.producer, "a");
        span.end();
      });
      const spans = await eventually(() => {
        const found = exporter.getFinishedSpans();
        expect(found.map(({ name }) => name)).toContain("process dawr.testing.v1");
        return found;
      });

      const [act, creation, processing, own] = [
        "act",
        "create dawr.testing.v1",
        "process dawr.testing.v1",
        "handler's own",
      ].map((name) => spans.find((span) => span.name === name));
      expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
      expect(creation?.parentSpanContext?.spanId).toBe(act?.spanContext().spanId);
      expect(processing?.parentSpanContext?.spanId).toBe(creation?.spanContext().spanId);
      expect(own?.parentSpanContext?.spanId).toBe(processing?.spanContext().spanId);
      expect(processing?.attributes).toEqual({
        "messaging.system": "dawr",
        "messaging.destination.name": "dawr.testing.v1",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.message.id": creation?.attributes["messaging.message.id"],
        "dawr.messaging.message.key": "a",
        "messaging.consumer.group.name": "desk.copies",
        "cloudevents.event_type": "dawr.testing.v1.ThingHappened",
      });
    } finally {
      await world.close();
    }
  });

  test("given no trace, then none is made up for the event", () => {
    expect(traceOfCreation({ id: "1", type: "dawr.booking.v1.BookingHeld", key: "a" })).toBeUndefined();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test("given a handler that fails, then its span tells the kind of error and none of its words", async () => {
    const event = {
      id: "1",
      type: "dawr.booking.v1.BookingHeld",
      source: "dawr.booking",
      subject: "s",
      key: "a",
      sequence: 1n,
      time: now(),
      data: new Uint8Array(),
    };
    const failing = inProcessSpan(consumerOf("desk.copies"), event, () =>
      Promise.reject(new RangeError("Layla's phone")),
    );
    await expect(failing).rejects.toThrow(RangeError);
    const [span] = exporter.getFinishedSpans();
    expect(span?.attributes["error.type"]).toBe("RangeError");
    expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain("Layla");
  });
});
