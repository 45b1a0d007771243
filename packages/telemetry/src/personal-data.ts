/**
 * Keys whose values never reach a log line or a span: what a person is called, how they are reached, how they are, and
 * what proves who they are. Compared without case, `_` and `-`; a longer key that ends with one of them counts too
 * (`guestPhone`, `http.request.header.authorization`).
 */
export const personalDataKeys = [
  "displayname",
  "fullname",
  "firstname",
  "lastname",
  "givenname",
  "familyname",
  "nickname",
  "guestname",
  "customername",
  "personname",
  "email",
  "emailaddress",
  "phone",
  "phonenumber",
  "recipient",
  "streetaddress",
  "postaladdress",
  "addressline",
  "addresslines",
  "birthdate",
  "dateofbirth",
  "healthnotes",
  "medicalnotes",
  "notes",
  "password",
  "passphrase",
  "secret",
  "token",
  "accesstoken",
  "refreshtoken",
  "authorization",
  "xdawrworkload",
  "cookie",
  "setcookie",
  "apikey",
  "privatekey",
  "otp",
  "onetimecode",
  "verificationcode",
  "recoverycode",
  "recoverycodes",
] as const;

/** What stands where a value was taken out. */
export const redacted = "[redacted]";

const exact = new Set<string>(personalDataKeys);

/** Keys that are found at the end of longer keys; the rest would hit harmless ones. */
const endings = personalDataKeys.filter((key) => key.length > 3);

const known = new Map<string, boolean>();

/** True when what stands under this key is personal or secret; dotted keys count by their last part. */
export function isPersonalKey(key: string): boolean {
  const answer = known.get(key);
  if (answer !== undefined) return answer;
  const plain = key
    .slice(key.lastIndexOf(".") + 1)
    .replace(/[_\-\s]/g, "")
    .toLowerCase();
  const personal = exact.has(plain) || endings.some((ending) => plain.endsWith(ending));
  // Keys are written in code, so that they are few; a log of strangers' keys must not fill the memory all the same.
  if (known.size < 5_000) known.set(key, personal);
  return personal;
}

/** A one-time code by its look; `code` is also the key of harmless error codes. */
export function isSecretCode(key: string, value: unknown): boolean {
  return key.toLowerCase() === "code" && typeof value === "string" && /^\d{4,8}$/.test(value);
}

const suspicious = /[@+]|eyJ|bearer|basic |\b0\d{9}\b/i;

// The lookbehinds keep the letter of a JSON escape (\n, \t) out of the match: text may be a line of JSON already.
const patterns: readonly (readonly [RegExp, string])[] = [
  [/:\/\/[^\s/@"\\]+@/g, "://[redacted]@"],
  [/(?<!\\)[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+/gu, "[e-mail]"],
  [/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, "$1 [redacted]"],
  [/(?<!\\)eyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g, "[token]"],
  [/\+\d[\d ().-]{5,18}\d/g, "[phone]"],
  [/\b0\d{9}\b/g, "[phone]"],
];

/** Takes out of a text what looks like an e-mail address, a phone number, a token or a password in a URL. */
export function redactText(text: string): string {
  if (!suspicious.test(text)) return text;
  return patterns.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
