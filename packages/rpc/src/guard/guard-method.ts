import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type MethodImplSpec } from "@connectrpc/connect";
import { context } from "@opentelemetry/api";
import type { Call } from "../call/call.ts";
import type { ErrorMapper } from "../errors/error-mapper.ts";
import { PlatformError } from "../errors/platform-error.ts";
import { type AccessOptions, decideAccess } from "./access.ts";
import { authenticate } from "./authentication.ts";
import { resolveSelf, selfPaths } from "./resource-name.ts";
import type { AccessRule } from "./rule.ts";
import { single } from "./single.ts";
import { type Observation, serverObserver } from "./telemetry.ts";
import { validate } from "./validation.ts";

/** A method with all interceptors around its handler. What it throws is always a ConnectError with an ErrorInfo. */
export type GuardedMethod = {
  readonly method: DescMethod;
  readonly path: string;
  unary(request: Message, call: Call): Promise<Message>;
  /** Any kind of method as a stream; ending the iteration early cancels the call. */
  stream(requests: AsyncIterable<Message>, call: Call): AsyncGenerator<Message, void, undefined>;
  /** Answers a call that cannot be handed to the handler (an unreadable message, say). */
  refuse(error: unknown, call: Call): ConnectError;
};

/** A further check of each call, run once it is known who calls (a rate limit, say); throws to refuse. */
export type Admit = (context: HandlerContext) => void | Promise<void>;

export type MethodGuardOptions = AccessOptions & {
  readonly toConnectError: ErrorMapper;
  readonly admit?: Admit | undefined;
};

/** Puts the interceptors around one handler. */
export function guardMethod(spec: MethodImplSpec, rule: AccessRule, options: MethodGuardOptions): GuardedMethod {
  const { method } = spec;
  const { auth, toConnectError } = options;
  const path = `/${method.parent.typeName}/${method.name}`;
  const observe = serverObserver(method);
  const isClientStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const ownNames = selfPaths(
    method.input,
    rule.grants.flatMap((grant) => (grant.path === undefined ? [] : [grant.path])),
  );

  /** Access rule and validation of one request message. */
  function admit(request: Message, call: Call): Message | Promise<Message> {
    const resolved = resolveSelf(method.input, ownNames, request, call);
    const asked = decideAccess(rule, resolved, call, options);
    if (asked !== undefined) {
      return asked.then(() => {
        validate(method.input, resolved);
        return resolved;
      });
    }
    validate(method.input, resolved);
    return resolved;
  }

  function fail(error: unknown, call: Call, observed: Observation): ConnectError {
    const mapped = toConnectError(error, { locale: call.locale, method: path, requestId: call.requestId });
    observed.end(mapped);
    return mapped;
  }

  async function unary(request: Message, call: Call): Promise<Message> {
    const observed = observe(call);
    try {
      call.throwIfOver();
      const proven = authenticate(call, auth);
      if (proven !== undefined) await call.untilAborted(proven);
      const further = options.admit?.(call);
      if (further !== undefined) await call.untilAborted(further);
      const admitted = admit(request, call);
      const message = admitted instanceof Promise ? await call.untilAborted(admitted) : admitted;
      call.throwIfOver();
      const answer =
        observed.context === undefined
          ? handle(message, call)
          : context.with(observed.context, handle, undefined, message, call);
      const response = create(method.output, answer instanceof Promise ? await call.untilAborted(answer) : answer);
      observed.end();
      return response;
    } catch (error) {
      throw fail(error, call, observed);
    } finally {
      call.finish();
    }
  }

  function handle(request: Message, call: Call) {
    if (spec.kind !== "unary") throw new ConnectError(`${path} is a stream`, Code.Unimplemented);
    return spec.impl(request, call);
  }

  async function* stream(requests: AsyncIterable<Message>, call: Call): AsyncGenerator<Message, void, undefined> {
    const observed = observe(call);
    let isOver = false;
    try {
      call.throwIfOver();
      await authenticate(call, auth);
      await options.admit?.(call);
      call.throwIfOver();
      const answers = open(requests, call);
      const pull = () => answers.next();
      // Not awaited: a handler that ignores its signal would hold back the caller's end.
      const close = () => void answers.return().catch(() => undefined);
      const unsubscribe = call.onAbort(close);
      try {
        for (;;) {
          const pulled = observed.context === undefined ? pull() : context.with(observed.context, pull);
          const result = await call.untilAborted(pulled);
          if (result.done === true) break;
          yield result.value;
        }
      } finally {
        unsubscribe();
        close();
      }
      isOver = true;
      observed.end();
    } catch (error) {
      isOver = true;
      throw fail(error, call, observed);
    } finally {
      if (!isOver) fail(new PlatformError("CANCELLED"), call, observed);
      call.finish();
    }
  }

  /** Calls the handler as its kind demands; requests are checked one by one as the handler takes them. */
  async function* open(requests: AsyncIterable<Message>, call: Call): AsyncGenerator<Message, void, undefined> {
    // No client stream has a rule that looks at messages, so it is decided before the handler starts.
    if (isClientStream) await decideAccess(rule, undefined, call, options);
    const checked = admitAll(requests, call);
    switch (spec.kind) {
      case "unary":
        yield create(method.output, await spec.impl(await single(checked), call));
        return;
      case "client_streaming":
        yield create(method.output, await spec.impl(checked, call));
        return;
      case "server_streaming":
        for await (const answer of spec.impl(await single(checked), call)) yield create(method.output, answer);
        return;
      case "bidi_streaming":
        for await (const answer of spec.impl(checked, call)) yield create(method.output, answer);
    }
  }

  async function* admitAll(requests: AsyncIterable<Message>, call: Call): AsyncGenerator<Message, void, undefined> {
    const source = requests[Symbol.asyncIterator]();
    try {
      for (;;) {
        const result = await call.untilAborted(source.next());
        if (result.done === true) return;
        yield await admit(result.value, call);
      }
    } finally {
      Promise.resolve(source.return?.(undefined)).catch(() => undefined);
    }
  }

  function refuse(error: unknown, call: Call): ConnectError {
    const refusal = fail(error, call, observe(call));
    call.finish();
    return refusal;
  }

  return { method, path, unary, stream, refuse };
}
