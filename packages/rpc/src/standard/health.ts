import { fromJson, type Message, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { serviceOf } from "./descriptors.ts";
import { openMethods } from "./open-methods.ts";

const { service, message } = serviceOf({
  package: "grpc.health.v1",
  messages: {
    HealthCheckRequest: [["service", 1, "string"]],
    HealthCheckResponse: [["status", 1, "ServingStatus"]],
  },
  enums: { ServingStatus: ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] },
  service: {
    name: "Health",
    methods: [
      { name: "Check", input: "HealthCheckRequest", output: "HealthCheckResponse", streams: "" },
      { name: "Watch", input: "HealthCheckRequest", output: "HealthCheckResponse", streams: "server" },
    ],
  },
});
export const healthDescriptor = service;

type Status = "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

/** The standard health service (grpc.health.v1). */
export type Health = {
  readonly methods: readonly GuardedMethod[];
  /** Tells how a service is, and again at each change. */
  watch(service: string, signal: AbortSignal): AsyncGenerator<Status, void, undefined>;
  /** Says whether a service (by its full name; "" for all) can work. */
  set(service: string, isServing: boolean): void;
  /** Nothing can work any more, whatever is set later. */
  shutdown(): void;
};

/** Makes a health service that knows of nothing yet. */
export function healthService(): Health {
  const serving = new Map<string, boolean>();
  const watchers = new Set<() => void>();
  let isDown = false;

  const statusOf = (name: string): Status => {
    const known = serving.get(name);
    if (known === undefined) return "SERVICE_UNKNOWN";
    return known && !isDown ? "SERVING" : "NOT_SERVING";
  };
  const wakeAll = () => {
    for (const wake of [...watchers]) wake();
  };

  function check(request: Message): Message {
    const status = statusOf(nameIn(request));
    if (status === "SERVICE_UNKNOWN") throw new ConnectError("unknown service", Code.NotFound);
    return answer(status);
  }

  async function* watch(name: string, signal: AbortSignal): AsyncGenerator<Status, void, undefined> {
    let told: Status | undefined;
    while (!signal.aborted) {
      const status = statusOf(name);
      if (status === told) await nextChange(watchers, signal);
      else yield status;
      told = status;
    }
  }

  async function* answerWatch(request: Message, context: HandlerContext): AsyncGenerator<Message> {
    for await (const status of watch(nameIn(request), context.signal)) yield answer(status);
  }

  return {
    methods: openMethods(service, { check, watch: answerWatch }),
    watch,
    set(name, isServing) {
      serving.set(name, isServing);
      wakeAll();
    },
    shutdown() {
      isDown = true;
      wakeAll();
    },
  };
}

function nextChange(watchers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      watchers.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    watchers.add(wake);
    signal.addEventListener("abort", wake);
  });
}

function nameIn(request: Message): string {
  const json = toJson(message("HealthCheckRequest"), request);
  return typeof json === "object" && json !== null && "service" in json ? String(json.service) : "";
}

function answer(status: Status): Message {
  return fromJson(message("HealthCheckResponse"), { status });
}
