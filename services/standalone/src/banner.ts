import { defaultDataDir, type Flags } from "./flags.ts";
import { demoAccounts } from "./market/demo-accounts.ts";
import type { Standalone } from "./start-standalone.ts";

/** What a newcomer needs to know, in a dozen lines. */
export function banner(
  { urls, wasAdopted }: Pick<Standalone, "urls" | "wasAdopted">,
  { demo, dataDir }: Pick<Flags, "demo" | "dataDir">,
  seconds: number,
): string {
  const lines = [
    `Dawr is ready after ${seconds.toFixed(1)} s${wasAdopted ? " (PostgreSQL was still running and was taken over)" : ""}.`,
    "",
    `  gateway   ${urls.gateway}`,
    `  mailbox   ${urls.mailbox}  (takes mail at ${urls.smtp})`,
    `  payments  ${urls.sandbox}  (sandbox)`,
    `  metrics   ${urls.metrics}`,
  ];
  if (demo) {
    const accounts = demoAccounts.map(({ email, role }) => `${email} (${role})`).join(", ");
    lines.push(`  accounts  ${accounts}; password ${demoAccounts[0]?.password ?? ""}`);
    const play = dataDir === defaultDataDir ? "npm run demo" : `npm run demo -- --data ${dataDir}`;
    lines.push("", `Try:  ${play}        Stop: Ctrl-C`, "");
  } else lines.push("", "Stop: Ctrl-C", "");
  return lines.join("\n");
}
