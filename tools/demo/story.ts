/** Tells a story step by step, with the time that each step took. */
export type Story = {
  /** Does a step, tells what came of it, and answers that; a step that fails ends the story. */
  step<T>(what: string, act: () => Promise<T>, outcome?: (value: T) => string): Promise<T>;
  /** Refuses to go on when something is not as the story has it. */
  expect(condition: boolean, what: string): void;
};

/** Opens a story that is told on a stream. */
export function openStory(write: (text: string) => void): Story {
  return {
    async step(what, act, outcome = () => "") {
      const start = performance.now();
      const value = await act();
      const milliseconds = Math.round(performance.now() - start);
      const said = outcome(value);
      write(`${String(milliseconds).padStart(6)} ms  ${what}${said === "" ? "" : `: ${said}`}\n`);
      return value;
    },
    expect(condition, what) {
      if (!condition) throw new Error(`the story differs: ${what}`);
    },
  };
}
