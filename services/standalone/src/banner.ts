import { demoAccounts } from "./market/demo-accounts.ts";
import type { Standalone } from "./start-standalone.ts";

/** What a newcomer needs to know, in a dozen lines. */
export function banner({ urls, wasAdopted }: Standalone, isDemo: boolean, seconds: number): string {
  const lines = [
    `Dawr is ready after ${seconds.toFixed(1)} s${wasAdopted ? " (PostgreSQL was still running and was taken over)" : ""}.`,
    "",
    `  gateway   ${urls.gateway}`,
    `  mailbox   ${urls.mailbox}`,
    `  payments  ${urls.sandbox}  (sandbox)`,
    `  metrics   ${urls.metrics}`,
  ];
  if (isDemo) {
    const accounts = demoAccounts.map(({ email, role }) => `${email} (${role})`).join(", ");
    lines.push(`  accounts  ${accounts}; password ${demoAccounts[0]?.password ?? ""}`);
  }
  lines.push("", "Try:  npm run demo        Stop: Ctrl-C", "");
  return lines.join("\n");
}
