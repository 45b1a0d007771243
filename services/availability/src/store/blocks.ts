import type { Tx } from "@dawr/store";
import { changeChannel } from "./changes.ts";

/** A stretch that a member blocks: of a staff member, or of all lanes of a resource. */
export type Block = {
  readonly providerId: string;
  readonly reservationId: string;
  readonly unitId: string;
  readonly from: Temporal.Instant;
  readonly to: Temporal.Instant;
  readonly reason: string;
};

export type BlockOutcome = {
  readonly status: "RESERVED" | "TAKEN" | "UNKNOWN";
  /** Holds whose time was over and that this call ended. */
  readonly lapsed: readonly string[];
};

/** Blocks a stretch, all lanes or none. TAKEN asks the caller to roll back; UNKNOWN: there is no such unit. (BK-10) */
export async function insertBlock(tx: Tx, block: Block): Promise<BlockOutcome> {
  const [row] = await tx.query<{ status: BlockOutcome["status"]; lapsed: readonly string[] }>(
    "select status, lapsed from block_time($1, $2, $3, $4::timestamptz, $5::timestamptz, $6)",
    [block.providerId, block.reservationId, block.unitId, block.from.toString(), block.to.toString(), block.reason],
  );
  if (!row) throw new Error("the function that blocks time answered nothing");
  tx.notify(changeChannel, block.providerId);
  return row;
}
