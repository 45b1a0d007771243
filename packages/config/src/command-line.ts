import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Env } from "./parse-config.ts";

/** Says in one line what is wrong with a command line. */
export class CommandLineError extends Error {
  override readonly name = "CommandLineError";
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * Reads a program's flags, and its words where it takes some. Throws CommandLineError, also for flags that npm has kept for
 * itself. Loads nothing, so that a slip of the finger is told at once.
 */
export function readCommandLine<const T extends Options>(
  options: T,
  { argv, env, allowPositionals = false }: { argv: readonly string[]; env: Env; allowPositionals?: boolean },
) {
  refuseKeptByNpm(options, argv, env);
  try {
    return parseArgs({ args: [...argv], options, allowPositionals });
  } catch (cause) {
    const line = cause instanceof Error ? cause.message.split(/\.\s/)[0] : String(cause);
    throw new CommandLineError(`${line}; --help tells what there is`, { cause });
  }
}

/** What stands in `npm start --port 80` without a -- before it reaches us, at best, as variables npm_config_*. */
function refuseKeptByNpm(options: Options, argv: readonly string[], env: Env): void {
  const script = env.npm_lifecycle_event;
  if (script === undefined) return;
  const kept = Object.entries(options).flatMap(([name, { type }]) => {
    const value = env[`npm_config_${name.replaceAll("-", "_")}`] ?? keptNegation(name, env);
    // A flag that did reach us is right: the variable comes from an npm further out.
    const isHere = argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
    return value === undefined || isHere ? [] : [{ name, type, value }];
  });
  if (kept.length === 0) return;
  // Newer versions of npm keep the flag alone, and hand its value on as a word.
  const isOnly = argv.length === 1 && kept.filter(({ type }) => type === "string").length === 1;
  const flags = kept.map(({ name, type, value }) => {
    if (type === "boolean") return `--${name}`;
    return `--${name} ${value === "true" ? ((isOnly ? argv[0] : undefined) ?? "…") : value}`;
  });
  const names = kept.map(({ name }) => `--${name}`).join(", ");
  const npm = script === "start" || script === "test" ? `npm ${script}` : `npm run ${script}`;
  throw new CommandLineError(`npm keeps ${names} for itself unless -- stands in front: ${npm} -- ${flags.join(" ")}`);
}

/** npm takes --no-demo as demo, and empty. */
function keptNegation(name: string, env: Env): string | undefined {
  return name.startsWith("no-") && env[`npm_config_${name.slice(3).replaceAll("-", "_")}`] === "" ? "" : undefined;
}
