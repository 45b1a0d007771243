const quietMs = 3000;
const plainEveryMs = 30_000;

/** Shows that a step is still at work once it takes longer than a few seconds: one living line on a terminal, now and then a line in a log. */
export function startProgress(name: string): { report: (progress: string) => void; end: () => void } {
  const startedAt = performance.now();
  const isTerminal = process.stdout.isTTY;
  let latest = "";
  let plainAt = startedAt;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - startedAt < quietMs) return;
    const line = `${name} … ${Math.round((now - startedAt) / 1000)} s${latest === "" ? "" : `, ${latest}`}`;
    if (isTerminal) process.stdout.write(`\r\u001b[K${line}`);
    else if (now - plainAt >= plainEveryMs) {
      plainAt = now;
      console.log(line);
    }
  }, 1000);
  return {
    report: (progress) => {
      latest = progress;
    },
    end: () => {
      clearInterval(timer);
      if (isTerminal) process.stdout.write("\r\u001b[K");
    },
  };
}
