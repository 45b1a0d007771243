import { context, propagation, trace } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { Sampler, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { TelemetryConfig } from "./config.ts";
import { redactingExporter } from "./span-redaction.ts";

type Sdk = typeof import("@opentelemetry/sdk-trace-node");

type TracingOptions = {
  readonly resource: Resource;
  readonly config: TelemetryConfig;
  /** Takes each span as it ends; the exporter of tests. */
  readonly spanExporter: SpanExporter | undefined;
};

/** Records spans when there is somewhere to send them; loads nothing otherwise. Answers how to stop. */
export async function startTracing({ resource, config, spanExporter }: TracingOptions): Promise<() => Promise<void>> {
  if (spanExporter === undefined && config.tracesUrl === undefined) return () => Promise.resolve();
  const sdk = await import("@opentelemetry/sdk-trace-node");
  const processors = [];
  if (spanExporter !== undefined) processors.push(new sdk.SimpleSpanProcessor(redactingExporter(spanExporter)));
  if (config.tracesUrl !== undefined) {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
    const exporter = new OTLPTraceExporter({ url: config.tracesUrl });
    processors.push(new sdk.BatchSpanProcessor(redactingExporter(exporter)));
  }
  const provider = new sdk.NodeTracerProvider({
    resource,
    sampler: samplerOf(sdk, config),
    spanProcessors: processors,
  });
  // Registers the context of AsyncLocalStorage and the propagation by traceparent and baggage too.
  provider.register();
  return async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  };
}

function samplerOf(sdk: Sdk, { sampler, samplerRatio }: TelemetryConfig): Sampler {
  const root = () => {
    if (sampler.endsWith("always_on")) return new sdk.AlwaysOnSampler();
    if (sampler.endsWith("always_off")) return new sdk.AlwaysOffSampler();
    return new sdk.TraceIdRatioBasedSampler(samplerRatio);
  };
  return sampler.startsWith("parentbased_") ? new sdk.ParentBasedSampler({ root: root() }) : root();
}
