/** Tells on standard error what is being done whenever it takes longer than a second. */
export function openProgress(write: (text: string) => void): { doing(what: string): void; done(): void } {
  let current: { readonly what: string; readonly since: number } | undefined;
  const timer = setInterval(() => {
    if (current === undefined) return;
    const seconds = Math.round((performance.now() - current.since) / 1000);
    if (seconds >= 1) write(`  … ${current.what} (${seconds} s)\n`);
  }, 1_000);
  timer.unref();
  return {
    doing(what) {
      current = { what, since: performance.now() };
    },
    done() {
      current = undefined;
      clearInterval(timer);
    },
  };
}
