import { describeTotals, runSteps } from "./run-steps.ts";
import { fastSteps, slowSteps } from "./steps.ts";

const usage = `npm test: runs every check that CI runs.
  --fast        leaves the slow tests out (npm run test:fast)
  --only NAME   runs the steps whose name contains NAME
  --list        prints the names of the steps`;

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(usage);
  process.exit(0);
}
const onlyAt = args.indexOf("--only");
const only = onlyAt < 0 ? undefined : args[onlyAt + 1];
const known = new Set(["--fast", "--list", "--only"]);
const unknown = args.filter((arg, at) => !known.has(arg) && !(onlyAt >= 0 && at === onlyAt + 1));
if (unknown.length > 0 || (onlyAt >= 0 && only === undefined)) {
  console.error(`dawr: ${unknown.length > 0 ? `unknown argument ${unknown[0]}` : "--only needs a name"}\n${usage}`);
  process.exit(2);
}

const all = args.includes("--fast") ? fastSteps : [...fastSteps, ...slowSteps];
const chosen = all.filter((step) => only === undefined || step.name.includes(only));
if (chosen.length === 0) {
  console.error(`dawr: no step is called ${only}; there are: ${all.map((step) => step.name).join(", ")}`);
  process.exit(2);
}
if (args.includes("--list")) {
  console.log(chosen.map((step) => step.name).join("\n"));
  process.exit(0);
}

const totals = await runSteps(chosen, console.log);
console.log(describeTotals(totals));
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
