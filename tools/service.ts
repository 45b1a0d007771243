import { existsSync, readdirSync } from "node:fs";
import { refuse } from "./options.ts";

// npm run service -- NAME: runs one service alone, as a pod does.
const services = new URL("../services/", import.meta.url);
// Standalone is all of them, and has npm start.
const names = readdirSync(services).filter(
  (name) => name !== "standalone" && existsSync(new URL(`${name}/src/main.ts`, services)),
);
const [, , name = "", ...flags] = process.argv;

if (name === "--help" || name === "-h") {
  console.log(`npm run service -- NAME runs a service alone; with --help behind it, it tells what it reads.\n`);
  console.log(`The services are ${names.join(", ")}.`);
  process.exit(0);
}
if (!names.includes(name)) {
  const problem = name === "" ? "tell which service to run" : `there is no service called ${name}`;
  refuse(`${problem}; there are: ${names.join(", ")}`);
}
// Before the service is loaded, which takes a second.
const unknown = flags.find((flag) => flag !== "--help");
if (unknown !== undefined) refuse(`${unknown}: unknown; a service knows --help, and reads its environment`);

const main = new URL(`${name}/src/main.ts`, services);
process.argv.splice(1, process.argv.length, main.pathname, ...flags);
await import(main.href);
