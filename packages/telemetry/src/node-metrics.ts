import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { Meter } from "@opentelemetry/api";

const gcKinds: Readonly<Record<number, string>> = {
  1: "minor",
  2: "minor",
  4: "major",
  8: "incremental",
  16: "weakcb",
};

/** Measures the process itself: event loop, memory, garbage collection. Answers how to stop. Times in seconds. */
export function measureNode(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let before = performance.eventLoopUtilization();

  const delays = (["p50", "p99", "max"] as const).map((which) =>
    meter.createObservableGauge(`nodejs.eventloop.delay.${which}`, { unit: "s", description: "Event loop delay" }),
  );
  const utilization = meter.createObservableGauge("nodejs.eventloop.utilization", {
    unit: "1",
    description: "Share of the time since the last look in which the event loop was busy",
  });
  const heapUsed = meter.createObservableGauge("v8js.memory.heap.used", { unit: "By" });
  const heapLimit = meter.createObservableGauge("v8js.memory.heap.limit", { unit: "By" });
  const resident = meter.createObservableGauge("process.memory.usage", {
    unit: "By",
    description: "Resident memory",
  });
  const uptime = meter.createObservableGauge("process.uptime", { unit: "s" });

  const observables = [...delays, utilization, heapUsed, heapLimit, resident, uptime];
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    const values = [delay.percentile(50), delay.percentile(99), delay.max];
    delays.forEach((gauge, index) => {
      result.observe(gauge, (values[index] ?? 0) / 1e9);
    });
    delay.reset();
    result.observe(utilization, performance.eventLoopUtilization(before).utilization);
    before = performance.eventLoopUtilization();
    const heap = getHeapStatistics();
    result.observe(heapUsed, heap.used_heap_size);
    result.observe(heapLimit, heap.heap_size_limit);
    result.observe(resident, process.memoryUsage.rss());
    result.observe(uptime, process.uptime());
  };
  meter.addBatchObservableCallback(observe, observables);

  const collections = meter.createHistogram("v8js.gc.duration", {
    unit: "s",
    description: "Garbage collections",
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1] },
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      collections.record(entry.duration / 1_000, { "v8js.gc.type": kindOf(entry) });
  });
  observer.observe({ entryTypes: ["gc"] });

  return () => {
    observer.disconnect();
    meter.removeBatchObservableCallback(observe, observables);
    delay.disable();
  };
}

function kindOf(entry: PerformanceEntry & { readonly detail?: unknown }): string {
  const detail = entry.detail;
  const kind = typeof detail === "object" && detail !== null && "kind" in detail ? detail.kind : undefined;
  return (typeof kind === "number" ? gcKinds[kind] : undefined) ?? "other";
}
