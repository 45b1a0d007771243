import type { Job } from "@dawr/runtime";
import type { Store } from "@dawr/store";

/** Forgets what has ended: registrations nobody confirmed, codes, mails nobody took, failures a day old, tokens and sessions past their time. */
export function prune(store: Store, now: () => Temporal.Instant): Job {
  return {
    name: "prune-identity",
    schedule: "41 * * * *",
    run: async () => {
      const at = now();
      await store.transaction(async (tx) => {
        // A day longer than its code: who comes late may ask for another.
        await tx.query("delete from registration where expire_time <= $1", [at.subtract({ hours: 24 })]);
        await tx.query("delete from one_time_code where expire_time <= $1", [at]);
        await tx.query("delete from login_failure where last_time <= $1 and coalesce(lock_until, $2) <= $2", [
          at.subtract({ hours: 24 }),
          at,
        ]);
        await tx.query("delete from pending_mail where expire_time <= $1", [at]);
        await tx.query("delete from address_mail where since_time <= $1", [at.subtract({ hours: 1 })]);
        await tx.query("delete from refresh_token where expire_time <= $1", [at]);
        await tx.query("delete from session where expire_time <= $1", [at.subtract({ hours: 24 })]);
      });
    },
  };
}
