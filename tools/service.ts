import { existsSync, readdirSync } from "node:fs";

// npm run service -- NAME: runs one service alone, as a pod does.
const services = new URL("../services/", import.meta.url);
const names = readdirSync(services).filter((name) => existsSync(new URL(`${name}/src/main.ts`, services)));
const [, , name, ...args] = process.argv;

if (name === undefined || !names.includes(name)) {
  const problem = name === undefined ? "tell which service to run" : `there is no service called ${name}`;
  console.error(`dawr: ${problem}; there are: ${names.join(", ")}`);
  process.exit(2);
}

const main = new URL(`${name}/src/main.ts`, services);
process.argv.splice(1, process.argv.length, main.pathname, ...args);
await import(main.href);
