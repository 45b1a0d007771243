import { defaultDataDir } from "../../services/standalone/src/flags.ts";
import { readOptions, refuse } from "../options.ts";

const usage = `npm run demo -- [flags]

  --data DIR      play on the platform that runs on this data folder (${defaultDataDir}); without one, on one of its own
  --target URL    play on the platform whose gateway is there; needs --sandbox
  --sandbox URL   where that platform's sandbox is`;

const { values } = readOptions(usage, {
  data: { type: "string", default: defaultDataDir },
  target: { type: "string" },
  sandbox: { type: "string" },
});
const { data, target: gateway, sandbox } = values;
if ((gateway === undefined) !== (sandbox === undefined)) refuse("--target and --sandbox go together: give both");

// Loaded only once it is needed: contracts and their libraries take a while.
const { runDemo } = await import("./run-demo.ts");
await runDemo(data, gateway === undefined || sandbox === undefined ? undefined : { gateway, sandbox });
