import { setTimeout as delay } from "node:timers/promises";

/** Asks again until the check no longer throws, and answers what it answered; throws its last error after the limit. */
export async function eventually<T>(check: () => T | Promise<T>, options: { timeoutMs?: number } = {}): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 5_000);
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await delay(pauseMs);
  }
}
