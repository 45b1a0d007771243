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
    "share one environment. Where it has a flag the flag decides, and the variable is not read: `--port` for `GATEWAY_PORT`,",
    "`SANDBOX_PORT`, `SANDBOX_SMTP_PORT` and `METRICS_PORT`, `--database-url` for `DATABASE_URL` and `MIGRATION_DATABASE_URL`,",
    "`--log-level` for `LOG_LEVEL`; it says so when one of them is set. Everything else that it sets by itself (the files of keys,",
    "hosts, the sandbox's secrets) the environment overrides.",
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
