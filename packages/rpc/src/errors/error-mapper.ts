import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, LocalizedMessageSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { attachedDetails, type ErrorDetail } from "./detail.ts";
import { type ErrorTable, errorText } from "./error-table.ts";
import { type FieldProblem, FieldsError } from "./fields-error.ts";
import { type PlatformReason, platformErrors } from "./platform-errors.ts";
import { problemsText, rulesText } from "./rule-texts.ts";

/** What the mapper needs to know of the call that failed. */
type FailedCall = { readonly locale: string; readonly method: string; readonly requestId: string };

/** Where failures that nobody expected are written down: pino's Logger, or what a test passes. */
export type ErrorLog = { error(fields: object, message: string): void };

/** Turns anything thrown into what the caller may know of it. */
export type ErrorMapper = (error: unknown, call: FailedCall) => ConnectError;

/**
 * Makes the one place where errors become answers: a reason of one of the tables becomes its code with ErrorInfo,
 * LocalizedMessage and attached details; an answer of another service passes as it is; everything else becomes
 * `internal` with an id, and is logged under it.
 */
export function errorMapper(tables: readonly ErrorTable[], log: ErrorLog): ErrorMapper {
  const all = [...tables, platformErrors];
  return (error, call) => {
    if (error instanceof ConnectError) {
      if (hasErrorInfo(error)) return error;
      const reason = reasonByCode.get(error.code);
      if (reason !== undefined) return refusal(all, reason, {}, error, call) ?? error;
    } else if (error instanceof Error) {
      const known = reasoned(error);
      const mapped = known && refusal(all, known.reason, known.metadata, error, call);
      if (mapped !== undefined) return mapped;
      if (error.name === "AbortError")
        return refusal(all, "CANCELLED", {}, error, call) ?? internal(all, error, call, log);
    }
    return internal(all, error, call, log);
  };
}

/** True when the error already says why in an ErrorInfo. */
export function hasErrorInfo(error: ConnectError): boolean {
  return error.details.some((d) => ("desc" in d ? d.desc.typeName : d.type) === ErrorInfoSchema.typeName);
}

/** A refusal by the platform itself, made where no handler is at hand (an unknown method, a dead server). */
export function platformRefusal(
  reason: PlatformReason,
  metadata: Readonly<Record<string, string>> = {},
  options: { readonly locale?: string; readonly cause?: unknown } = {},
): ConnectError {
  const mapped = refusal([platformErrors], reason, metadata, options.cause, { locale: options.locale ?? "en" });
  if (mapped === undefined) throw new Error(`${reason} is no reason of the platform`);
  return mapped;
}

/** Builds the answer for a reason; undefined when no table knows it. */
function refusal(
  tables: readonly ErrorTable[],
  reason: string,
  metadata: Readonly<Record<string, string>>,
  cause: unknown,
  call: Pick<FailedCall, "locale">,
): ConnectError | undefined {
  const table = tables.find((t) => Object.hasOwn(t.reasons, reason));
  const spec = table?.reasons[reason];
  if (table === undefined || spec === undefined) return undefined;
  const problems = cause instanceof FieldsError ? cause.problems : [];
  const text = (locale: string) =>
    errorText(spec, locale, { ...metadata, problem_count: problems.length, problems: problemsText(problems, locale) });
  const localized = text(call.locale);
  return new ConnectError(
    text("en").text,
    spec.code,
    undefined,
    [
      {
        desc: ErrorInfoSchema,
        value: create(ErrorInfoSchema, { reason, domain: table.domain, metadata: { ...metadata } }),
      },
      {
        desc: LocalizedMessageSchema,
        value: create(LocalizedMessageSchema, { locale: localized.locale, message: localized.text }),
      },
      ...(problems.length === 0 ? [] : [badRequest(problems, localized.locale)]),
      ...(typeof cause === "object" && cause !== null ? attachedDetails(cause) : []),
    ],
    cause,
  );
}

function badRequest(problems: readonly FieldProblem[], locale: string): ErrorDetail {
  const fieldViolations = problems.map(({ field, rules }) => ({
    field,
    description: rulesText(rules, "en"),
    reason: rules.map(({ name }) => name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_")).join("_"),
    localizedMessage: { locale, message: rulesText(rules, locale) },
  }));
  return { desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) };
}

function internal(tables: readonly ErrorTable[], error: unknown, call: FailedCall, log: ErrorLog): ConnectError {
  const errorId = crypto.randomUUID();
  log.error({ err: error, errorId, method: call.method, requestId: call.requestId }, "call failed");
  const mapped = refusal(tables, "INTERNAL", { error_id: errorId }, error, call);
  if (mapped === undefined) throw new Error("the platform's errors have no INTERNAL");
  return mapped;
}

/** What codes without a reason mean when a library gave them. Unknown and internal ones are ours to explain by the log. */
const reasonByCode: ReadonlyMap<Code, PlatformReason> = new Map([
  [Code.Canceled, "CANCELLED"],
  [Code.InvalidArgument, "MALFORMED_MESSAGE"],
  [Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
  [Code.NotFound, "NOT_FOUND"],
  [Code.PermissionDenied, "NOT_FOUND"],
  [Code.ResourceExhausted, "BODY_TOO_LARGE"],
  [Code.Unimplemented, "NOT_OFFERED"],
  [Code.Unavailable, "UNAVAILABLE"],
  [Code.Unauthenticated, "TOKEN_INVALID"],
]);

function reasoned(error: Error): { reason: string; metadata: Readonly<Record<string, string>> } | undefined {
  if (!("reason" in error) || typeof error.reason !== "string") return undefined;
  const metadata: Record<string, string> = {};
  if ("metadata" in error && typeof error.metadata === "object" && error.metadata !== null) {
    for (const [key, value] of Object.entries(error.metadata)) metadata[key] = String(value);
  }
  return { reason: error.reason, metadata };
}
