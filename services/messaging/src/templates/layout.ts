import type { Locale } from "@dawr/rpc";

/** What a template says in one language, as ICU messages. */
export type Texts = {
  /** Also the title in the app. */
  readonly subject: string;
  /** Also the text in the app. */
  readonly paragraphs: readonly Paragraph[];
  /** Whether the code is shown by itself. */
  readonly showsCode?: boolean;
  /** The text of the link to the booking. */
  readonly link?: string;
};

/** A paragraph; one with `when` only if that value is there. */
type Paragraph = string | { readonly when: string; readonly text: string };

/** The parts of an e-mail, before they are laid out. */
export type Parts = {
  readonly locale: Locale;
  readonly subject: string;
  readonly greeting: string;
  readonly code: string | undefined;
  readonly paragraphs: readonly string[];
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly link: { readonly text: string; readonly url: string } | undefined;
  readonly footer: string;
};
