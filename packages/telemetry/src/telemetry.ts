import type { Env } from "@dawr/config";
import { metrics } from "@opentelemetry/api";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationType, type IMetricReader, MeterProvider } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import { parseTelemetryConfig } from "./config.ts";
import { createLogger, type LogDestination, type Logger } from "./logger.ts";
import { measureNode } from "./node-metrics.ts";
import { startOtlpLogs } from "./otlp-logs.ts";
import { startTracing } from "./tracing.ts";

/** What a process tells about itself. */
export type Telemetry = {
  readonly log: Logger;
  /** All metrics as Prometheus text. */
  metrics(): Promise<string>;
  /** Sends what has not been sent and stops recording. */
  shutdown(): Promise<void>;
};

export type TelemetryOptions = {
  readonly service: string;
  readonly version: string;
  readonly env: Env;
  /** Takes each span as it ends, besides what the environment asks for. */
  readonly spanExporter?: SpanExporter;
  /** Where log lines go; standard output unless told. */
  readonly destination?: LogDestination;
};

/** Upper bounds in seconds; the SDK's own are meant for milliseconds. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Starts logs, metrics and, where the environment or a span exporter asks for them, traces. Must run before the first
 * instrument is made: the API's meters are no-ops for ever when they were asked for earlier. Throws ConfigError.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const config = parseTelemetryConfig(options.env);
  const service = config.serviceName ?? options.service;
  const resource = resourceFromAttributes({ [ATTR_SERVICE_NAME]: service, [ATTR_SERVICE_VERSION]: options.version });

  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const readers: IMetricReader[] = [prometheus];
  if (config.metricsUrl !== undefined) readers.push(await otlpMetrics(config.metricsUrl));
  const provider = new MeterProvider({
    resource,
    readers,
    views: [
      {
        instrumentName: "*.duration",
        instrumentUnit: "s",
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: durationBuckets } },
      },
    ],
  });
  metrics.setGlobalMeterProvider(provider);
  const stopNode = measureNode(provider.getMeter("@dawr/telemetry"));
  const stopTracing = await startTracing({ resource, config, spanExporter: options.spanExporter });
  const collected = config.logsUrl === undefined ? undefined : await startOtlpLogs(config.logsUrl, resource);
  const destination =
    collected === undefined ? options.destination : tee(options.destination ?? process.stdout, collected);

  const serializer = new PrometheusSerializer();
  return {
    log: createLogger({ service, level: config.level, ...(destination === undefined ? {} : { destination }) }),
    async metrics() {
      const { resourceMetrics } = await prometheus.collect();
      return serializer.serialize(resourceMetrics);
    },
    async shutdown() {
      // A collector that is away must not turn a clean stop into a failure.
      await Promise.allSettled([stopTracing(), provider.shutdown(), collected?.shutdown()]);
      stopNode();
      metrics.disable();
    },
  };
}

async function otlpMetrics(url: string): Promise<IMetricReader> {
  const [{ OTLPMetricExporter }, { PeriodicExportingMetricReader }] = await Promise.all([
    import("@opentelemetry/exporter-metrics-otlp-proto"),
    import("@opentelemetry/sdk-metrics"),
  ]);
  return new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url }) });
}

function tee(first: LogDestination, second: LogDestination): LogDestination {
  return {
    write(line) {
      first.write(line);
      second.write(line);
    },
  };
}
