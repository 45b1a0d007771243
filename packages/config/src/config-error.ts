/** One thing that is wrong with the environment. */
export type ConfigProblem = {
  readonly name: string;
  readonly expected: string;
  /** What was there: "nothing", "a value that is kept secret", or the value itself. */
  readonly got: string;
};

/** Everything that is wrong with the environment, together. Its message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ name, expected, got }) => `  ${name}: expected ${expected}, got ${got}`);
    super(`${problems.length === 1 ? "1 setting is" : `${problems.length} settings are`} wrong:\n${lines.join("\n")}`);
    this.problems = problems;
  }
}
