import type { Resource } from "@opentelemetry/resources";
import type { LogDestination } from "./logger.ts";

const severities: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

/** Sends log lines, already redacted, to a collector as OpenTelemetry log records. */
export async function startOtlpLogs(
  url: string,
  resource: Resource,
): Promise<LogDestination & { shutdown(): Promise<void> }> {
  const [{ OTLPLogExporter }, { BatchLogRecordProcessor, LoggerProvider }] = await Promise.all([
    import("@opentelemetry/exporter-logs-otlp-proto"),
    import("@opentelemetry/sdk-logs"),
  ]);
  const provider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url }) })],
  });
  const logger = provider.getLogger("@dawr/telemetry");
  return {
    write(line) {
      const { time, level, msg, ...attributes } = JSON.parse(line);
      logger.emit({
        timestamp: new Date(time),
        severityText: level,
        severityNumber: severities[level] ?? 0,
        body: msg,
        attributes,
      });
    },
    shutdown: () => provider.shutdown(),
  };
}
