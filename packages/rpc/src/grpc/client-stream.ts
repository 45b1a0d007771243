import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import type * as grpc from "@grpc/grpc-js";
import type { ChannelOptions } from "../client/caller.ts";
import { onCancel } from "../client/cancelling.ts";
import { report } from "./client-report.ts";
import { Malformed } from "./codec.ts";

type Duplex = grpc.ClientDuplexStream<Message, Message | Malformed>;

/**
 * Sends the inputs as fast as the server takes them and yields its answers as fast as they are taken from here.
 * Leaving the iteration, or the signal, cancels the call.
 */
export async function* readAnswers(
  call: Duplex,
  method: DescMethod,
  inputs: AsyncIterable<unknown>,
  options: ChannelOptions | undefined,
): AsyncGenerator<Message, void, undefined> {
  // An error that comes when nobody reads any more (after cancelling, say) must not end the process.
  call.on("error", () => undefined);
  report(call, options);
  const cancel = () => call.cancel();
  const release = onCancel(options, cancel);
  const sender = new Sender(call, method, inputs);
  const sent = sender.run();
  let isOver = false;
  try {
    // By default the iterator destroys the stream at its end, and with it what is still being sent.
    const answers: AsyncIterable<Message | Malformed> = call.iterator({ destroyOnReturn: false });
    for await (const answer of answers) {
      if (answer instanceof Malformed) throw answer;
      yield answer;
    }
    isOver = true;
  } catch (error) {
    // An error of the inputs is why the call was cancelled, so it tells more than the cancelling.
    throw sender.failure === undefined ? error : sender.failure.cause;
  } finally {
    release();
    if (!isOver) cancel();
    sender.stop();
    sent.catch(() => undefined);
  }
}

/** Writes the inputs into the call, waiting whenever the call is full. */
class Sender {
  failure: { readonly cause: unknown } | undefined;
  readonly #call: Duplex;
  readonly #method: DescMethod;
  readonly #source: AsyncIterator<unknown>;
  #isStopped = false;

  constructor(call: Duplex, method: DescMethod, inputs: AsyncIterable<unknown>) {
    this.#call = call;
    this.#method = method;
    this.#source = inputs[Symbol.asyncIterator]();
  }

  async run(): Promise<void> {
    try {
      for (;;) {
        const input = await this.#source.next();
        if (this.#isStopped || input.done === true) break;
        // Clients are typed by their service, so that what they pass is what create() takes.
        const message = create(this.#method.input, input.value as Message);
        if (!this.#call.write(message)) await this.#drained();
      }
      if (!this.#isStopped) this.#call.end();
    } catch (cause) {
      this.failure = { cause };
      this.#call.cancel();
    }
  }

  /** Lets go of the inputs. */
  stop(): void {
    this.#isStopped = true;
    this.#call.emit("drain");
    Promise.resolve(this.#source.return?.(undefined)).catch(() => undefined);
  }

  #drained(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => this.#call.once("drain", resolve));
  }
}
