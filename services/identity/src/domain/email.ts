/** The form in which two addresses are compared: Unicode-normal, without space around it, in lower case. */
export function comparableEmail(email: string): string {
  return email.normalize("NFC").trim().toLowerCase();
}
