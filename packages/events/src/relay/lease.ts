import { randomUUID } from "node:crypto";
import type { Store } from "@dawr/store";
import { outboxChannel } from "../append.ts";

/** A time of leadership. Its epoch is greater than that of every earlier one. */
export type Term = {
  readonly epoch: bigint;
  /**
   * Whether this process may speak now: at once while the lease surely runs, else by renewing it. Throws when the
   * database cannot be asked; false is for ever.
   */
  readonly isHeld: () => Promise<boolean>;
  /** Gives the lease up, so that another need not wait for its end. */
  readonly release: () => Promise<void>;
};

/**
 * Takes the lease of the schema's relay if nobody has it, or from whoever has it when forced. Who was frozen or cut off does not speak after the lease has
 * run out: it is believed only for as long as the database granted it, counted from before the question was sent on this
 * process's own steady clock, and deletes name the epoch.
 */
export async function takeLease(store: Store, leaseMs: number, isForced = false): Promise<Term | undefined> {
  const holder = randomUUID();
  let askedMs = performance.now();
  const rows = await store.query<{ epoch: bigint }>(takeStatement, [holder, leaseMs / 1_000, isForced]);
  const epoch = rows[0]?.epoch;
  if (epoch === undefined) return undefined;

  let believedUntilMs = askedMs + leaseMs * margin;
  let isLost = false;
  let renewing: Promise<boolean> | undefined;

  async function renew(): Promise<boolean> {
    askedMs = performance.now();
    const renewed = await store.query(renewStatement, [holder, leaseMs / 1_000, String(epoch)]);
    if (renewed.length === 0) isLost = true;
    else believedUntilMs = askedMs + leaseMs * margin;
    return !isLost;
  }

  return {
    epoch,
    isHeld: async () => {
      if (isLost) return false;
      const leftMs = believedUntilMs - performance.now();
      if (leftMs < leaseMs * renewBelow) {
        renewing ??= renew().finally(() => {
          renewing = undefined;
        });
        // While there is time left nobody need wait for the renewal; its failure shows when there is none.
        if (leftMs <= 0) return await renewing;
        renewing.catch(() => {});
      }
      return true;
    },
    release: async () => {
      isLost = true;
      await store.transaction(async (tx) => {
        tx.post(releaseStatement, [holder, String(epoch)]);
        tx.notify(outboxChannel, "lease");
      });
    },
  };
}

/** The part of the lease that is believed in: clocks run at slightly different speeds. */
const margin = 0.9;
/** The part of the lease below which it is renewed. */
const renewBelow = 0.6;

// Real time of the database, not the platform's clock, which may be stepped: this is between processes only.
const takeStatement = `
  insert into relay_lease as l (name, epoch, holder, expire_time)
  values ('outbox', 1, $1, clock_timestamp() + make_interval(secs => $2))
  on conflict (name) do update set
    epoch = l.epoch + 1, holder = excluded.holder, expire_time = clock_timestamp() + make_interval(secs => $2)
  where l.expire_time <= clock_timestamp() or $3::boolean
  returning epoch`;

const renewStatement = `
  update relay_lease set expire_time = clock_timestamp() + make_interval(secs => $2)
  where name = 'outbox' and holder = $1 and epoch = $3::bigint
  returning epoch`;

const releaseStatement =
  "update relay_lease set expire_time = '-infinity' where name = 'outbox' and holder = $1 and epoch = $2::bigint";
