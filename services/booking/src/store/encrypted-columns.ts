import type { EncryptedColumn } from "@dawr/store";

/** What encrypted values are bound to: one that is copied into another column does not open. */
export const contexts = { answer: "booking.answer" } as const;

/** Every column that holds such values. (ID-12) */
export const encryptedColumns: readonly EncryptedColumn[] = [
  // Answers with notes, addresses or guests in them, among others that are kept as they are.
  {
    table: "idempotent_request",
    key: ["request_id", "actor", "method"],
    column: "response",
    context: contexts.answer,
  },
];
