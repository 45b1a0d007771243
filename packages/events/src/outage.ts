import { StoreError } from "@dawr/store";

/** Whether an error says that the database is away or overloaded, and nothing about the work. */
export function isOutage(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof StoreError && at.reason === "UNAVAILABLE") return true;
  }
  return false;
}
