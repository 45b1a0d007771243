/** Markup that may be put into a page as it is. */
export type Html = { readonly markup: string };

type Part = string | number | bigint | Html | undefined | readonly Html[];

/** Makes markup; every value is escaped unless it is markup itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: texts.map((text, index) => text + toMarkup(parts[index])).join("") };
}

/** Escapes text for content and quoted attributes. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function toMarkup(part: Part): string {
  if (part === undefined) return "";
  if (typeof part !== "object") return escapeHtml(String(part));
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
}
