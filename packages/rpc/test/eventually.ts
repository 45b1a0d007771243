import { setTimeout as pause } from "node:timers/promises";

/** Asks again and again until the check throws nothing; fails with its last error after the given time. */
export async function eventually(check: () => void | Promise<void>, timeoutMs = 20_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(5);
    }
  }
}

/** The error of a call that has to fail. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}

/** All messages of a stream. */
export async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const message of messages) list.push(message);
  return list;
}

/** An async iterable of what is given. */
export async function* from<T>(...values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
