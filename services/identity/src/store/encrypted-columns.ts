import type { EncryptedColumn } from "@dawr/store";

/** What encrypted values are bound to: one that is copied into another column does not open. */
export const contexts = {
  email: "identity.email",
  displayName: "identity.display-name",
  birthDate: "identity.birth-date",
  deviceName: "identity.device-name",
  signingKey: "identity.signing-key",
  mail: "identity.mail",
  answer: "identity.answer",
} as const;

/** Every column that holds such values. (ID-12) */
export const encryptedColumns: readonly EncryptedColumn[] = [
  { table: "account", key: ["id"], column: "email", context: contexts.email },
  { table: "account", key: ["id"], column: "display_name", context: contexts.displayName },
  { table: "account", key: ["id"], column: "birth_date", context: contexts.birthDate },
  { table: "registration", key: ["id"], column: "email", context: contexts.email },
  { table: "registration", key: ["id"], column: "display_name", context: contexts.displayName },
  { table: "registration", key: ["id"], column: "birth_date", context: contexts.birthDate },
  { table: "session", key: ["id"], column: "device_name", context: contexts.deviceName },
  { table: "signing_key", key: ["id"], column: "private_key", context: contexts.signingKey },
  { table: "pending_mail", key: ["id"], column: "content", context: contexts.mail },
  // Answers with tokens in them, among others that are kept as they are.
  {
    table: "idempotent_request",
    key: ["request_id", "actor", "method"],
    column: "response",
    context: contexts.answer,
  },
];
