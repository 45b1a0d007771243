import { createHash } from "node:crypto";
import type { Reply } from "./exchange.ts";
import { type Html, html } from "./html.ts";

/** A whole page in one language, laid out in its direction; `formTargets` are origins that a form may lead to. */
export function page(options: {
  readonly status?: number;
  readonly locale: "en" | "ar";
  readonly title: string;
  readonly body: Html;
  readonly formTargets?: readonly string[];
  readonly frames?: boolean;
  readonly refreshSeconds?: number;
}): Reply {
  const { locale, title, body, refreshSeconds } = options;
  const refresh =
    refreshSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${refreshSeconds}">`;
  const { markup } = html`<!doctype html>
<html lang="${locale}" dir="${locale === "ar" ? "rtl" : "ltr"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}
<title>${title}</title>
<style>${{ markup: style }}</style>
</head>
<body><main>${body}</main></body>
</html>
`;
  return {
    status: options.status ?? 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy(options.formTargets ?? [], options.frames ?? false),
      "x-frame-options": "DENY",
    },
    body: markup,
  };
}

// No script, no asset of anybody's: what a page shows is in the page.
function policy(formTargets: readonly string[], frames: boolean): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action ${["'self'", ...formTargets].join(" ")}`,
    ...(frames ? ["frame-src 'self'"] : []),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const style = `
:root { color-scheme: light dark; --line: #8884; --accent: #0b6e5f; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, "Noto Naskh Arabic", "Segoe UI", sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 2rem 1rem; }
main:has(.wide) { max-width: 60rem; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; }
.amount { font-size: 2rem; font-weight: 700; margin: .5rem 0 1.5rem; unicode-bidi: isolate; }
.note { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
.bad { border-color: #c33; } .good { border-color: var(--accent); }
.muted { opacity: .7; font-size: .9rem; }
label { display: block; margin: .75rem 0 .25rem; }
input { width: 100%; padding: .6rem .75rem; font: inherit; border: 1px solid var(--line); border-radius: .4rem; }
.row { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
button { margin-top: 1.25rem; width: 100%; padding: .75rem; font: inherit; font-weight: 600; color: #fff;
  background: var(--accent); border: 0; border-radius: .4rem; cursor: pointer; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: start; padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
code, pre, .ltr { direction: ltr; unicode-bidi: isolate; font-family: ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { width: 100%; height: 32rem; border: 1px solid var(--line); border-radius: .4rem; background: #fff; }
a { color: inherit; }
`;

const styleHash = createHash("sha256").update(style).digest("base64");
