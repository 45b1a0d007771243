export { parseTelemetryConfig, telemetryConfig } from "./config.ts";
export { createLogger, type LogDestination, type Logger, type LogLevel, logLevels } from "./logger.ts";
export { isPersonalKey, personalDataKeys, redactText } from "./personal-data.ts";
export { startTelemetry, type Telemetry, type TelemetryOptions } from "./telemetry.ts";
