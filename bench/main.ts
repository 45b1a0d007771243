import { readOptions } from "../tools/options.ts";

/** Each bench by name; loaded when it is asked for, since a bench's own weight is part of what it measures. */
const benches: Readonly<Record<string, { readonly about: string; readonly run: () => Promise<object> }>> = {
  start: {
    about: "warm and first start, and the memory of the platform's process",
    run: async () => (await import("./start.ts")).run(),
  },
  rpc: {
    about: "packages/rpc beside raw grpc-js and a bare connect-node server",
    run: async () => (await import("./rpc.ts")).run(),
  },
  journey: {
    about: "whole bookings per second, and the time from paying to being confirmed",
    run: async () => (await import("./journey.ts")).run(),
  },
  live: {
    about: "how soon ten thousand watchers hear of changes, and what they cost in memory",
    run: async () => (await import("./live.ts")).run(),
  },
};

const { positionals } = readOptions(`npm run bench -- NAME, with one of ${Object.keys(benches).join(", ")}`, {}, true);
const [name] = positionals;
const bench = name === undefined ? undefined : benches[name];
if (bench === undefined) {
  if (name !== undefined) console.error(`dawr: there is no bench called ${name}`);
  console.log("npm run bench -- NAME, with one of:\n");
  for (const [known, { about }] of Object.entries(benches)) console.log(`  ${known.padEnd(10)}${about}`);
  process.exit(name === undefined ? 0 : 2);
}
console.log(JSON.stringify(await bench.run()));
process.exit(0);
