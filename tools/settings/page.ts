/** The settings of one service, or of all, as `--help` tells them. */
export type Section = { readonly title: string; readonly about: string; readonly lines: readonly string[] };

/** Renders docs/settings.md from lines such as "PORT  where it listens; a port number; default 8080". */
export function renderSettings(sections: readonly Section[]): string {
  const head = [
    "# Settings",
    "",
    "Made from the code by `npm run generate`; do not edit. Every service is told everything by environment variables, and",
    "reports all that is wrong with them together when it starts. `npm run service -- NAME --help` tells the same.",
    "",
    "Durations are written as `PT15M`, `250ms`, `30s`, `15m`, `4h` or `30d`. In `npm start` the variables of all services",
    "share one environment; what it sets by itself (ports, database, keys, the sandbox's secrets) can be overridden there.",
    "",
  ];
  return [...head, ...sections.flatMap(renderSection)].join("\n");
}

function renderSection({ title, about, lines }: Section): readonly string[] {
  return [
    `## ${title}`,
    "",
    about,
    "",
    "| variable | what it is | form | default |",
    "|---|---|---|---|",
    ...lines.map(renderLine),
    "",
  ];
}

function renderLine(line: string): string {
  const [, name = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
  const parts = rest.split("; ");
  const need = parts.at(-1) ?? "";
  const form = parts.at(-2) ?? "";
  const about = parts.slice(0, -2).join("; ");
  return `| \`${name}\` | ${cell(about)} | ${cell(form)} | ${cell(need.replace(/^default /, ""))} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
