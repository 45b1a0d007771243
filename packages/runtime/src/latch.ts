/** A bell that is remembered: a wait that comes after the ring does not wait. */
export type Latch = {
  ring(): void;
  /** Resolves at the ring (true) or after so many milliseconds (false); forgets the ring. */
  wait(timeoutMs: number): Promise<boolean>;
};

/** Longer waits would overflow Node's timers; the loop that waits just looks again. */
const longestMs = 2 ** 31 - 1;

/** Makes a bell for one waiting loop. */
export function createLatch(): Latch {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(timeoutMs) {
      if (!rung && timeoutMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(timeoutMs, longestMs));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      const answer = rung;
      rung = false;
      return answer;
    },
  };
}
