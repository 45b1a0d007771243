import { CommandLineError } from "@dawr/config/command-line";
import { type Flags, parseFlags, usage } from "./flags.ts";

const flags = readFlags();
if (flags.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
// All services take a second or two to load, which nobody should wait for to hear of a wrong flag.
const { runStandalone } = await import("./run-standalone.ts");
await runStandalone(flags, process.env);

function readFlags(): Flags {
  try {
    return parseFlags(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    process.stderr.write(`dawr: ${error.message}\n`);
    process.exit(2);
  }
}
