import type { Job } from "@dawr/runtime";
import type { Store } from "@dawr/store";

const pieces = 2_000;

/** Deletes notifications that are older than they are kept, with their deliveries and dead letters. */
export function pruneJob(store: Store, now: () => Temporal.Instant, keep: Temporal.Duration): Job {
  return {
    name: "prune-notifications",
    schedule: "29 4 * * *",
    run: async () => {
      const before = now().subtract(keep);
      for (let removed = pieces; removed === pieces; ) {
        const rows = await store.transaction((tx) =>
          tx.query(
            `delete from notification where id in (
               select id from notification where create_time < $1 and state <> 'WANTED' order by create_time limit $2)
             returning 1 as one`,
            [before, pieces],
          ),
        );
        removed = rows.length;
      }
    },
  };
}
