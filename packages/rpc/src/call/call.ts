import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { PlatformError } from "../errors/platform-error.ts";
import type { Actor } from "./actor.ts";
import { type HeaderSource, headerNames } from "./headers.ts";
import { type Locale, localeOf } from "./locale.ts";

/** How an adapter hands a call over to the guard. */
export type CallInit = {
  readonly method: DescMethod;
  readonly protocolName: string;
  readonly headers: HeaderSource;
  readonly requestMethod?: string;
  /** The client's address; asked for only when somebody needs it. */
  readonly address?: () => string;
  /** When the caller stops waiting, in Unix milliseconds. */
  readonly deadline?: number | undefined;
  readonly values?: ContextValues | undefined;
  /** The caller's workload where no token is needed to believe it (one process). */
  readonly workload?: string | undefined;
  /** Where response headers and trailers are collected already, if anywhere. */
  readonly responseHeader?: Headers | undefined;
  readonly responseTrailer?: Headers | undefined;
  readonly requestId?: string | undefined;
};

/**
 * One RPC as its handler sees it. Signal, headers and the like cost more than a small call itself,
 * so each comes into being when it is first asked for.
 */
export class Call implements HandlerContext {
  readonly method: DescMethod;
  readonly protocolName: string;
  readonly requestMethod: string;
  readonly headers: HeaderSource;
  readonly deadline: number | undefined;
  /** Set by the guard when the caller has proven who they are. */
  actor: Actor | undefined;
  /** The workload in whose own name the call is made. */
  workload: string | undefined;
  /** True when a workload of the platform sent the call, for itself or passing it on. */
  isTrusted: boolean;

  readonly #address: (() => string) | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;
  #requestId: string | undefined;
  #controller: AbortController | undefined;
  #abortReason: unknown;
  #state: "running" | "aborted" | "finished" = "running";
  #listeners: ((reason: unknown) => void)[] | undefined;

  constructor(init: CallInit) {
    this.method = init.method;
    this.protocolName = init.protocolName;
    this.headers = init.headers;
    this.requestMethod = init.requestMethod ?? "POST";
    this.deadline = init.deadline;
    this.workload = init.workload;
    this.isTrusted = init.workload !== undefined;
    this.#address = init.address;
    this.#values = init.values;
    this.#responseHeader = init.responseHeader;
    this.#responseTrailer = init.responseTrailer;
    this.#requestId = init.requestId;
  }

  get service(): DescService {
    return this.method.parent;
  }
  get url(): string {
    return `http://dawr/${this.method.parent.typeName}/${this.method.name}`;
  }
  get requestHeader(): Headers {
    this.#requestHeader ??= this.headers.all();
    return this.#requestHeader;
  }
  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers();
    return this.#responseHeader;
  }
  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers();
    return this.#responseTrailer;
  }
  get values(): ContextValues {
    this.#values ??= createContextValues();
    return this.#values;
  }
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#state !== "running") this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }
  get locale(): Locale {
    return localeOf(this.headers.get(headerNames.language));
  }
  get requestId(): string {
    // From outside the id is only a hint for logs, so that a hostile one is replaced rather than trusted.
    this.#requestId ??= saneId(this.headers.get(headerNames.requestId)) ?? crypto.randomUUID();
    return this.#requestId;
  }
  get peer(): string {
    const relayed = this.isTrusted ? this.headers.get(headerNames.peer) : undefined;
    return relayed ?? this.#address?.() ?? "local";
  }
  get causedBy(): string | undefined {
    return this.isTrusted ? this.headers.get(headerNames.causedBy) : undefined;
  }
  /** True once the call was answered or aborted. */
  get isOver(): boolean {
    return this.#state !== "running";
  }
  get isAborted(): boolean {
    return this.#state === "aborted";
  }
  /** Response headers that the handler set, if it set any. */
  get setHeader(): Headers | undefined {
    return this.#responseHeader;
  }
  /** Response trailers that the handler set, if it set any. */
  get setTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  timeoutMs(): number | undefined {
    return this.deadline === undefined ? undefined : this.deadline - Date.now();
  }

  /** Ends the call early: the signal fires and whatever waits in untilAborted is rejected with the reason. */
  abort(reason: unknown): void {
    if (this.#state !== "running") return;
    this.#end("aborted", reason);
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener(reason);
  }

  /** Calls back once when the call is aborted; returns what takes the listener away again. */
  onAbort(listener: (reason: unknown) => void): () => void {
    if (this.#state === "aborted") listener(this.#abortReason);
    if (this.#state !== "running") return () => undefined;
    this.#listeners ??= [];
    const listeners = this.#listeners;
    listeners.push(listener);
    return () => {
      const at = listeners.indexOf(listener);
      if (at >= 0) listeners.splice(at, 1);
    };
  }

  /** Marks the call as answered, so that what listens to its signal lets go. */
  finish(): void {
    if (this.#state === "running") this.#end("finished", callIsOver);
    this.#listeners = undefined;
  }

  /** Throws the reason when the call was aborted or its deadline has passed. */
  throwIfOver(): void {
    if (this.#state === "aborted") throw this.#abortReason;
    if (this.deadline !== undefined && this.deadline <= Date.now()) {
      const late = new PlatformError("DEADLINE_EXCEEDED");
      this.abort(late);
      throw late;
    }
  }

  /** The promise's outcome, or the abort reason when that comes first. */
  untilAborted<T>(work: Promise<T>): Promise<T> {
    if (this.#state === "finished") return work;
    return new Promise<T>((resolve, reject) => {
      if (this.#state === "aborted") {
        work.catch(() => undefined);
        reject(this.#abortReason);
        return;
      }
      const leave = this.onAbort(reject);
      work.then(
        (value) => {
          leave();
          resolve(value);
        },
        (error) => {
          leave();
          reject(error);
        },
      );
    });
  }

  #end(state: "aborted" | "finished", reason: unknown): void {
    this.#state = state;
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }
}

const callIsOver = new DOMException("the call is over", "AbortError");

/** A request id from outside, if it is one that logs can bear. */
export function saneId(id: string | undefined): string | undefined {
  return id !== undefined && /^[A-Za-z0-9._:-]{1,128}$/.test(id) ? id : undefined;
}
