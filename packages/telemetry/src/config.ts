import { choiceField, type Env, numberField, parseConfig, textField, urlField } from "@dawr/config";
import { logLevels } from "./logger.ts";

const samplers = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

const endpoint = () => urlField("http", "https").optional();

/** The environment variables of telemetry; the OTEL ones are the standard's. */
export const telemetryConfig = {
  LOG_LEVEL: choiceField(...logLevels)
    .describe("least level of log lines")
    .default("info"),
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint().describe("collector that traces, metrics and logs go to"),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint().describe("the same for traces alone, with its path"),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint().describe("the same for metrics alone, with its path"),
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: endpoint().describe("the same for logs alone, with its path"),
  OTEL_EXPORTER_OTLP_PROTOCOL: choiceField("http/protobuf").describe("protocol of the collector").optional(),
  OTEL_TRACES_SAMPLER: choiceField(...samplers)
    .describe("which traces are kept")
    .default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: numberField(0, 1)
    .describe("share of traces that is kept, for the ratio samplers")
    .default(1),
  OTEL_SERVICE_NAME: textField().describe("the name that telemetry shows").optional(),
};

export type TelemetryConfig = ReturnType<typeof parseTelemetryConfig>;

/** Reads the variables of telemetry. Throws ConfigError. */
export function parseTelemetryConfig(env: Env) {
  const config = parseConfig(telemetryConfig, env);
  const to = (signal: string, own: string | undefined) =>
    own ??
    (config.OTEL_EXPORTER_OTLP_ENDPOINT && `${config.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, "")}/v1/${signal}`);
  return {
    level: config.LOG_LEVEL,
    serviceName: config.OTEL_SERVICE_NAME,
    sampler: config.OTEL_TRACES_SAMPLER,
    samplerRatio: config.OTEL_TRACES_SAMPLER_ARG,
    tracesUrl: to("traces", config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT),
    metricsUrl: to("metrics", config.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT),
    logsUrl: to("logs", config.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT),
  };
}
