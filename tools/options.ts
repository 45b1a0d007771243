import { type ParseArgsConfig, parseArgs } from "node:util";

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
    return parseArgs({ options, allowPositionals });
  } catch (error) {
    const line = error instanceof Error ? error.message.split(/\.\s/)[0] : String(error);
    console.error(`dawr: ${line}; --help tells what there is`);
    process.exit(2);
  }
}
