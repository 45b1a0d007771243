import type { Tx } from "@dawr/store";

/** The channel that tells every replica of a new plan. */
export const planChannel = "sandbox_faults";

/** The plan that was set at run time, as it was stored; undefined: none was. */
export async function storedPlan(tx: Tx): Promise<unknown> {
  const [row] = await tx.query<{ readonly plan: unknown }>("select plan from fault_plan");
  return row?.plan;
}

/** Sets the plan; it holds until it is cleared, over restarts too. */
export async function setPlan(tx: Tx, plan: unknown, at: Temporal.Instant): Promise<void> {
  await tx.query(
    `insert into fault_plan (plan, update_time) values ($1, $2)
     on conflict (id) do update set plan = excluded.plan, update_time = excluded.update_time`,
    [JSON.stringify(plan), at],
  );
  tx.notify(planChannel);
}

/** Goes back to the configured plan. */
export async function clearPlan(tx: Tx): Promise<void> {
  await tx.query("delete from fault_plan");
  tx.notify(planChannel);
}
