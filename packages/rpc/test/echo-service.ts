import { randomBytes } from "node:crypto";
import { type Code, ConnectError } from "@connectrpc/connect";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { BadRequestSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import {
  type Auth,
  attachDetail,
  callOf,
  defineErrors,
  type ErrorTable,
  guard,
  type Implementation,
  implement,
  type Mounted,
  type Owner,
  PlatformError,
} from "../src/index.ts";

/** What the test service's handlers were seen doing. */
export type EchoState = {
  written: number;
  /** Called once something is written, before the answer goes out. */
  onWrite?: (() => void) | undefined;
  /** Numbers that Count has produced, to see back-pressure. */
  produced: number;
  /** Streams whose handler came to its end, in whatever way. */
  streamsEnded: number;
  /** Why signals fired while a handler waited. */
  readonly aborted: unknown[];
  readonly logged: { readonly fields: object; readonly message: string }[];
};

const echoErrors: ErrorTable = defineErrors({
  domain: "echo.dawr",
  reasons: {
    THING_TAKEN: {
      code: 10 satisfies Code.Aborted,
      message: {
        en: "{thing} is taken{count, plural, one { once} other { # times}}.",
        ar: "{thing} محجوز {count, plural, zero {أبدًا} one {مرة} two {مرتين} few {# مرات} many {# مرة} other {# مرة}}.",
      },
    },
  },
});

/** A domain error as services have them. */
class EchoError extends Error {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  constructor(reason: string, metadata: Readonly<Record<string, string>>) {
    super(reason);
    this.reason = reason;
    this.metadata = metadata;
  }
}

const owners: Readonly<Record<string, Owner>> = {
  "things/of-anna": { account: "accounts/anna" },
  "things/of-salon": { provider: "providers/salon" },
  "things/of-both": { account: "accounts/anna", provider: "providers/salon" },
  "accounts/anna": { account: "accounts/anna" },
  "accounts/anna/things/1": { account: "accounts/anna" },
};

/** Tokens are names here: "user.anna", "user.omar.support", "expired", "user.anna@offline". */
export const testAuth: Auth = {
  async verifyUser(token) {
    if (token === "expired") throw new PlatformError("TOKEN_EXPIRED");
    const [kind, name, ...roles] = token.split(".");
    if (kind !== "user" || name === undefined) throw new PlatformError("TOKEN_INVALID");
    return { account: `accounts/${name}`, session: `session-of-${name}`, roles, token };
  },
  async verifyWorkload(token) {
    if (!token.startsWith("workload:")) throw new PlatformError("TOKEN_INVALID");
    return token.slice("workload:".length);
  },
  async memberships(account) {
    if (account === "accounts/maha")
      return [{ provider: "providers/salon", role: "STAFF", permissions: ["things.read"] }];
    if (account === "accounts/nour") return [{ provider: "providers/salon", role: "STAFF", permissions: [] }];
    return account === "accounts/rana"
      ? [{ provider: "providers/other", role: "OWNER", permissions: ["things.read"] }]
      : [];
  },
  revokeSession: () => undefined,
};

/** A fresh state and the guarded test service over it. */
export function echoFixture(): { readonly state: EchoState; readonly mounted: Mounted } {
  const state: EchoState = { written: 0, produced: 0, streamsEnded: 0, aborted: [], logged: [] };
  const mounted = guard({
    service: "echo",
    implementations: [echoImplementation(state)],
    errors: [echoErrors],
    ownerOf: async (name) => owners[name],
    auth: testAuth,
    log: { error: (fields, message) => state.logged.push({ fields, message }) },
  });
  return { state, mounted };
}

function fail(reason: string): never {
  if (reason === "THING_TAKEN") throw new EchoError(reason, { thing: "Chair 3", count: "2" });
  if (reason === "WITH_DETAIL") {
    throw attachDetail(new EchoError("THING_TAKEN", { thing: "Chair 3", count: "1" }), BadRequestSchema, {
      fieldViolations: [{ field: "chair", description: "taken" }],
    });
  }
  if (reason === "BARE_CONNECT_ERROR")
    throw new ConnectError("connection to 10.1.2.3 refused", 14 satisfies Code.Unavailable);
  if (reason === "NOT_AN_ERROR") throw "a string with a password";
  throw new Error(`duplicate key value violates unique constraint (${reason})`);
}

/** Waits until the call is over, noting why. */
function untilAborted(signal: AbortSignal, state: EchoState): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => {
      state.aborted.push(signal.reason);
      reject(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** The handlers of the test service. */
function echoImplementation(state: EchoState): Implementation {
  const echo: Handlers["echo"] = async (request, context) => {
    const call = callOf(context);
    if (request.failWith === "HANG") await untilAborted(context.signal, state);
    // A handler that ignores its signal.
    if (request.failWith === "DEAF") await new Promise(() => undefined);
    if (request.failWith !== "") fail(request.failWith);
    const header = context.requestHeader.get("x-test-header");
    if (header !== null) {
      context.responseHeader.set("x-test-header", header);
      context.responseTrailer.set("x-test-trailer", header);
    }
    return {
      text: request.text,
      number: request.number,
      data: request.data,
      account: call.actor?.account ?? "",
      workload: call.workload ?? "",
      locale: call.locale,
      seen: {
        peer: call.peer,
        requestId: call.requestId,
        causedBy: call.causedBy ?? "",
        hasTime: String(context.timeoutMs() !== undefined),
      },
    };
  };
  const echoThing: Handlers["echoSelf"] = (request, context) => ({
    text: request.name,
    account: callOf(context).actor?.account ?? "",
  });
  async function* count(upTo: number, failAfter: number, payloadBytes: number, signal: AbortSignal) {
    try {
      for (let number = 1; number <= upTo; number++) {
        if (failAfter > 0 && number > failAfter) fail("THING_TAKEN");
        if (number === 999_999) await untilAborted(signal, state);
        state.produced++;
        // Random, so that compression cannot make a stream of next to nothing of it.
        yield { number, payload: payloadBytes === 0 ? noBytes : randomBytes(payloadBytes) };
      }
    } finally {
      state.streamsEnded++;
    }
  }
  return implement(EchoService, {
    echo,
    echoSignedIn: echo,
    echoOperator: echo,
    echoSuperAdmin: echo,
    echoInternal: echo,
    async write({ text }, { signal }) {
      const count = BigInt(++state.written);
      state.onWrite?.();
      if (text === "hang") await untilAborted(signal, state);
      return { text, count };
    },
    count: (request, { signal }) => count(request.upTo, request.failAfter, request.payloadBytes, signal),
    watchSelf: (_request, { signal }) => count(3, 0, 0, signal),
    async sum(requests) {
      const answer = { sum: 0n, count: 0 };
      for await (const { number } of requests) {
        answer.sum += number;
        answer.count++;
      }
      return answer;
    },
    async *chat(requests, { signal }) {
      try {
        for await (const { text } of requests) {
          if (text === "fail") fail("THING_TAKEN");
          if (text === "hang") await untilAborted(signal, state);
          if (text === "bye") return;
          yield { text: `${text}!` };
        }
      } finally {
        state.streamsEnded++;
      }
    },
    echoSelf: echoThing,
    echoMember: echoThing,
    echoSelfOrMember: echoThing,
    echoParticipant: echoThing,
    echoNested: (request, context) => ({
      text: request.thing?.name ?? "",
      account: callOf(context).actor?.account ?? "",
    }),
  });
}

type Handlers = Required<Parameters<typeof implement<typeof EchoService>>[1]>;

const noBytes = new Uint8Array(0);
