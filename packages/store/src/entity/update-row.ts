import { type EntityName, type FilterQuery, LockMode } from "@mikro-orm/core";
import { StoreError } from "../errors.ts";
import type { Tx } from "../tx.ts";

/**
 * Locks a row (select … for update), lets the domain decide on its new values, and saves what differs. Returns the row
 * as saved; throws StoreError NOT_FOUND when there is none. The decision must not call the network.
 */
export async function updateRow<Row extends object>(
  tx: Tx,
  entity: EntityName<Row>,
  where: FilterQuery<NoInfer<Row>>,
  change: (row: Readonly<Row>) => Readonly<Row> | Promise<Readonly<Row>>,
): Promise<Readonly<Row>> {
  const found: Row | null = await tx.em.findOne(entity, where, {
    lockMode: LockMode.PESSIMISTIC_WRITE,
    // What this transaction has read before may have been changed by another since.
    refresh: true,
  });
  if (found === null) throw new StoreError("NOT_FOUND", "there is no such row");
  // A copy, so that a decision that fails half-way has changed nothing that a later flush could save.
  const next = await change({ ...found });
  Object.assign(found, next);
  await tx.em.flush();
  return { ...found };
}
