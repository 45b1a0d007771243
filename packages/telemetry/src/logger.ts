import { isSpanContextValid, trace } from "@opentelemetry/api";
import pino, { type Logger } from "pino";
import { redactText } from "./personal-data.ts";
import { redactRecord } from "./redact.ts";

export type { Logger } from "pino";

export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where lines of JSON go. */
export type LogDestination = { write(line: string): void };

export type LoggerOptions = {
  readonly service: string;
  readonly level: LogLevel;
  /** Standard output unless told. */
  readonly destination?: LogDestination;
};

/** A logger of JSON lines with the trace's ids, without what is personal or secret by key or by look. (ID-12, OP-02) */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (record) => redactRecord(record),
    },
    // Errors have been made plain by then; pino's own serializer would not know them any more.
    serializers: { err: (error: unknown) => error },
    mixin: traceIds,
    hooks: { streamWrite: redactText },
  };
  // Written before the call returns: a line about to be written by another thread is lost, or comes after later ones, when
  // the process ends.
  const logger = pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
  // pino asks no formatter for a child's bindings; children inherit this method in their turn.
  const plainChild: ChildOf = logger.child;
  const redactingChild: ChildOf = function child(bindings, childOptions) {
    return plainChild.call(this, redactRecord(bindings), childOptions);
  };
  return Object.assign(logger, { child: redactingChild });
}

type ChildOf = (this: Logger, bindings: pino.Bindings, options?: pino.ChildLoggerOptions) => Logger;

function traceIds(): object {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId };
}
