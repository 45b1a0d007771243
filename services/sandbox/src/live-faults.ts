import type { Store } from "@dawr/store";
import { z } from "zod";
import {
  type CallFault,
  type DeliveryPlan,
  type FaultPlan,
  noFaults,
  planCall,
  planDelivery,
  seededDraws,
} from "./domain/faults.ts";
import { clearPlan, planChannel, setPlan, storedPlan } from "./store/fault-plan.ts";

/** The faults that are being played: the configured plan until another is set. */
export type LiveFaults = {
  plan(): FaultPlan;
  delivery(): DeliveryPlan;
  call(isWrite: boolean): CallFault;
  /** Sets a plan, for all replicas and over restarts; undefined goes back to the configured one. */
  set(plan: FaultPlan | undefined, at: Temporal.Instant): Promise<void>;
  /** Reads the stored plan, and again whenever it changes; answers how to stop that. */
  follow(): Promise<() => Promise<void>>;
};

/** Plays the configured plan, or the one in the database. */
export function liveFaults(store: Store, configured: FaultPlan): LiveFaults {
  let plan = configured;
  let draw = seededDraws(plan.seed);
  const play = (next: FaultPlan) => {
    plan = next;
    draw = seededDraws(next.seed);
  };
  const load = async () => {
    const stored = await store.read(storedPlan);
    play(stored === undefined ? configured : readFaultPlan(stored));
  };
  return {
    plan: () => plan,
    delivery: () => planDelivery(plan, draw),
    call: (isWrite) => planCall(plan, isWrite, draw),
    async set(next, at) {
      await store.transaction((tx) => (next === undefined ? clearPlan(tx) : setPlan(tx, next, at)));
      play(next ?? configured);
    },
    async follow() {
      await load();
      return store.listen(planChannel, () => {
        // A plan that could not be read leaves the last one; the next notice, or a restart, reads it again.
        load().catch(() => undefined);
      });
    },
  };
}

const share = z.number().min(0).max(1);
const milliseconds = z.number().int().min(0).max(86_400_000);

const shape = z.strictObject({
  seed: z.number().int().min(0).default(noFaults.seed),
  webhooks: z
    .strictObject({
      late: share.default(0),
      lateMs: milliseconds.default(noFaults.webhooks.lateMs),
      twice: share.default(0),
      reorder: share.default(0),
      reorderMs: milliseconds.default(noFaults.webhooks.reorderMs),
      lose: share.default(0),
    })
    .default(noFaults.webhooks),
  api: z
    .strictObject({ loseResponse: share.default(0), fail: share.default(0), slowMs: milliseconds.default(0) })
    .default(noFaults.api),
});

/** Reads a plan whose parts may be left out; throws ZodError with everything that is wrong. */
export function readFaultPlan(value: unknown): FaultPlan {
  return shape.parse(value);
}
