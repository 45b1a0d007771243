import type { Parts } from "./layout.ts";

const directions = { en: "ltr", ar: "rtl" } as const;

/**
 * Lays a mail out, right to left where the language is: one column, no pictures, nothing fetched; styles stand inline
 * because mail programs drop the others. Everything is escaped. (MS-03)
 */
export function htmlOf(parts: Parts): string {
  const { locale, subject, greeting, code, paragraphs, facts, link, footer } = parts;
  const dir = directions[locale];
  const start = dir === "rtl" ? "right" : "left";
  const paragraph = (text: string) => `<p style="margin:0 0 16px">${escapeHtml(text)}</p>`;
  return `<!doctype html>
<html lang="${locale}" dir="${dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(subject)}</title>
</head>
<body dir="${dir}" style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font:16px/1.6 system-ui,'Segoe UI',Tahoma,Arial,sans-serif;text-align:${start}">
<main style="max-width:560px;margin:0 auto">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.4">${escapeHtml(subject)}</h1>
${paragraph(greeting)}
${code === undefined ? "" : codeOf(code)}${paragraphs.map(paragraph).join("\n")}
${facts.length === 0 ? "" : factsOf(facts, start)}${link === undefined ? "" : linkOf(link)}<p style="margin:32px 0 0;font-size:14px;color:#595959">${escapeHtml(footer)}</p>
</main>
</body>
</html>
`;
}

/** Text as HTML shows it: nothing in it is markup. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function codeOf(code: string): string {
  return `<p style="margin:0 0 16px;font-size:32px;letter-spacing:6px;font-weight:bold"><span dir="ltr">${escapeHtml(code)}</span></p>\n`;
}

function factsOf(facts: Parts["facts"], start: string): string {
  const cell = "padding:6px 0;vertical-align:top;border-bottom:1px solid #e0e0e0";
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><th scope="row" style="${cell};padding-inline-end:16px;text-align:${start};font-weight:normal;color:#595959">${escapeHtml(label)}</th><td style="${cell};text-align:${start}"><bdi>${escapeHtml(value)}</bdi></td></tr>`,
  );
  return `<table style="width:100%;border-collapse:collapse;margin:0 0 24px">\n${rows.join("\n")}\n</table>\n`;
}

function linkOf({ text, url }: { readonly text: string; readonly url: string }): string {
  return `<p style="margin:0 0 16px"><a href="${escapeHtml(url)}" style="color:#0b57d0">${escapeHtml(text)}</a></p>\n`;
}
