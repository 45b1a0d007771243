import { type Attributes, context, type Histogram, metrics, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { ConstraintViolation, StatementError, StoreError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Runs statements under the eyes of telemetry. */
export type StatementObserver = {
  /** Runs one statement; `text` has placeholders where values stand. */
  readonly observe: <T>(text: string, run: () => Promise<T>) => Promise<T>;
};

/** What the observer says of the database. */
export type DatabaseName = { readonly url: string; readonly schema: string };

const tracer = trace.getTracer("@dawr/store");

/**
 * Makes the observer: a client span per statement by OpenTelemetry's conventions where somebody records, a histogram of
 * durations, and a log line for what took long. It never sees a value.
 */
export function statementObserver({ url, schema }: DatabaseName, log: Log): StatementObserver {
  const duration: Histogram = metrics.getMeter("@dawr/store").createHistogram("db.client.operation.duration", {
    description: "Duration of database statements",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 10] },
  });
  const { hostname, port, pathname } = new URL(url);
  const database: Attributes = {
    "db.system.name": "postgresql",
    "db.namespace": `${decodeURIComponent(pathname.slice(1))}|${schema}`,
    "server.address": hostname,
    "server.port": Number(port || 5432),
  };
  const summaries = new Map<string, Summary>();

  function summaryOf(text: string): Summary {
    let summary = summaries.get(text);
    if (summary === undefined) {
      summary = summarise(text, schema);
      // Statements are written in code, but one that is put together from parts must not fill the memory.
      if (summaries.size < 2_000) summaries.set(text, summary);
    }
    return summary;
  }

  async function timed<T>(text: string, run: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const { measured } = summaryOf(text);
    try {
      const result = await run();
      duration.record((performance.now() - startMs) / 1_000, measured);
      return result;
    } catch (error) {
      duration.record((performance.now() - startMs) / 1_000, { ...measured, "error.type": typeOf(error) });
      throw error;
    } finally {
      const tookMs = performance.now() - startMs;
      if (tookMs > slowMs) log.warn({ schema, statement: text, tookMs: Math.round(tookMs) }, "a statement was slow");
    }
  }

  return {
    observe: async (text, run) => {
      // Statements outside any trace (a relay looking into its outbox) would each become a trace of their own.
      if (trace.getActiveSpan()?.isRecording() !== true) return await timed(text, run);
      const { summary, measured } = summaryOf(text);
      const span = tracer.startSpan(summary, {
        kind: SpanKind.CLIENT,
        attributes: { ...database, ...measured, "db.query.text": text, "db.query.summary": summary },
      });
      try {
        return await context.with(trace.setSpan(context.active(), span), () => timed(text, run));
      } catch (error) {
        const sqlState = sqlStateOf(error);
        span.setAttributes({
          "error.type": typeOf(error),
          ...(sqlState === undefined ? {} : { "db.response.status_code": sqlState }),
        });
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
  };
}

type Summary = { readonly summary: string; readonly measured: Attributes };

const slowMs = 1_000;

/** `SELECT booking`: the operation and the first table or function that the statement names. */
function summarise(text: string, schema: string): Summary {
  const bare = text.replace(/--.*$/gm, " ").replace(/'[^']*'/g, "''");
  const first = (/^\s*(\w+)/.exec(bare)?.[1] ?? "statement").toUpperCase();
  const operation =
    first === "WITH" ? (/\b(insert|update|delete|merge)\b/i.exec(bare)?.[1] ?? "select").toUpperCase() : first;
  const target = /\b(?:from|into|update|call)\s+(?:only\s+)?"?([a-z_]\w*)"?/i.exec(bare)?.[1];
  const summary = target === undefined ? operation : `${operation} ${target}`;
  return {
    summary,
    measured: {
      "db.system.name": "postgresql",
      "db.client.connection.pool.name": schema,
      "db.operation.name": operation,
      ...(target === undefined ? {} : { "db.collection.name": target }),
    },
  };
}

function sqlStateOf(error: unknown): string | undefined {
  const hasState =
    error instanceof StoreError || error instanceof ConstraintViolation || error instanceof StatementError;
  return hasState ? error.sqlState : undefined;
}

function typeOf(error: unknown): string {
  return sqlStateOf(error) ?? (error instanceof Error ? error.name : "_OTHER");
}
