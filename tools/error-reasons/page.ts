import type { Domain } from "./reasons.ts";

const head = `# Error reasons

Made from the contracts by \`npm run generate\`; not edited by hand.

Every error carries a \`google.rpc.ErrorInfo\`: \`reason\` and \`domain\` as below, and in \`metadata\` every variable part (named in brackets). A \`google.rpc.LocalizedMessage\` holds the text for people, in the caller's language. Programs look at reason, domain and metadata, never at texts.

In \`metadata\`, whatever the protocol:

- Keys are in snake_case. Several values are separated by a comma and a space.
- Resources stand with their whole names, times in RFC 3339, amounts in minor units, enums without their prefix (\`HELD\` for \`STATE_HELD\`).
- \`fields\`, and the fields of a BadRequest, are paths as JSON writes them: \`items[0].staffMember\` is \`items[0].staff_member\` of the contract.
- \`rules\` says what the contract asks of each: \`partySize: gte 0, lte 200; items: min_items 1\`. The names are those of [buf.validate](../proto/buf/validate/validate.proto), or, for a rule in words of its own, its id in the contract; the BadRequest has its words. Of a message that could not be read it says \`unknown\` (the contract has no such field), \`type\` and the type that was expected, \`repeated\` (given twice), \`json\` (not valid JSON), \`depth\` (nested too deeply) or \`unreadable\`.
- \`clauses\` are those of [what a slot is](slots.md).
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
