import type { ParseArgsConfig } from "node:util";
import { CommandLineError, readCommandLine } from "@dawr/config/command-line";

/** Reads a tool's command line: --help prints the usage and ends, and what is not understood is one line and a failure. */
export function readOptions<const T extends NonNullable<ParseArgsConfig["options"]>>(
  usage: string,
  options: T,
  allowPositionals = false,
) {
  if (process.argv.slice(2).some((word) => word === "--help" || word === "-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return readCommandLine(options, { argv: process.argv.slice(2), env: process.env, allowPositionals });
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    refuse(error.message);
  }
}

/** Ends the process with one line on what is wrong with its command line. */
export function refuse(problem: string): never {
  console.error(`dawr: ${problem}`);
  process.exit(2);
}
