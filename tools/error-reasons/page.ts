import type { Domain } from "./reasons.ts";

const head = `# Error reasons

Made from the contracts by \`npm run generate\`; not edited by hand.

Every error carries a \`google.rpc.ErrorInfo\`: \`reason\` and \`domain\` as below, and in \`metadata\` every variable part (named in brackets). A \`google.rpc.LocalizedMessage\` holds the text for people, in the caller's language. Programs look at reason and domain, never at texts.
`;

/** The page of all reasons, as Markdown. */
export function renderPage(domains: readonly Domain[]): string {
  return `${[head, ...domains.map(renderDomain)].join("\n")}`;
}

function renderDomain({ domain, about, reasons }: Domain): string {
  const rows = reasons.map(({ name, meaning }) => `| \`${name}\` | ${meaning.replaceAll("|", "\\|")} |`);
  return `## ${domain}\n\n${firstSentence(about)}\n\n| reason | what happened, what to do |\n|---|---|\n${rows.join("\n")}\n`;
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}
