import type { EncryptedColumn } from "@dawr/store";

/** What encrypted values are bound to: one that is copied into another column does not open. */
export const contexts = {
  arguments: "messaging.arguments",
  content: "messaging.content",
  message: "messaging.message",
} as const;

/** Every column that holds such values. */
export const encryptedColumns: readonly EncryptedColumn[] = [
  { table: "notification", key: ["id"], column: "arguments", context: contexts.arguments },
  { table: "notification", key: ["id"], column: "content", context: contexts.content },
  { table: "delivery", key: ["id"], column: "message", context: contexts.message },
];
