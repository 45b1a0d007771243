import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type MoveReservationRequest,
  MoveReservationRequestSchema,
} from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { Tx } from "@dawr/store";
import type { MoveTerms } from "../domain/move-booking.ts";
import type { BookingKey } from "../names.ts";

/** A move that was decided on, as it is kept until it is known what became of it. */
export type StoredMove = {
  readonly id: string;
  readonly booking: BookingKey;
  readonly actor: string;
  readonly requestId: string;
  /** The caller's request, as it travelled. */
  readonly request: Uint8Array;
  readonly ask: MoveReservationRequest;
  readonly move: MoveTerms;
};

type Row = {
  readonly id: string;
  readonly provider_id: string;
  readonly booking_id: string;
  readonly actor: string;
  readonly request_id: string;
  readonly request: Uint8Array;
  readonly ask: Uint8Array;
  readonly move: MoveTerms;
};

const select = "select id, provider_id, booking_id, actor, request_id, request, ask, move from booking_move";

/** Stores a move before availability is asked for it. */
export function postMove(tx: Tx, { id, booking, actor, requestId, request, ask, move }: StoredMove): void {
  tx.post(
    `insert into booking_move (provider_id, id, booking_id, actor, kind, request_id, request, ask, move)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      booking.providerId,
      id,
      booking.id,
      actor,
      move.kind,
      requestId,
      request,
      toBinary(MoveReservationRequestSchema, ask),
      JSON.stringify(move),
    ],
  );
}

/** Reads a move; undefined when it has ended. */
export async function findMove(tx: Tx, providerId: string, id: string): Promise<StoredMove | undefined> {
  const [row] = await tx.query<Row>(`${select} where provider_id = $1 and id = $2`, [providerId, id]);
  return row === undefined ? undefined : moveOfRow(row);
}

/** Reads the move of a booking of which nobody knows yet what became; there is one at most. */
export async function findOpenMove(tx: Tx, { providerId, id }: BookingKey): Promise<StoredMove | undefined> {
  const [row] = await tx.query<Row>(`${select} where provider_id = $1 and booking_id = $2 and not refused`, [
    providerId,
    id,
  ]);
  return row === undefined ? undefined : moveOfRow(row);
}

/** Notes that a move was refused, so that others may begin. */
export async function refuseMove(tx: Tx, { booking, id }: StoredMove): Promise<void> {
  await tx.query("update booking_move set refused = true where provider_id = $1 and id = $2", [booking.providerId, id]);
}

/** Forgets a move of which nothing can come any more. */
export function deleteMove(tx: Tx, { booking, id }: StoredMove): void {
  tx.post("delete from booking_move where provider_id = $1 and id = $2", [booking.providerId, id]);
}

function moveOfRow(row: Row): StoredMove {
  return {
    id: row.id,
    booking: { providerId: row.provider_id, id: row.booking_id },
    actor: row.actor,
    requestId: row.request_id,
    request: row.request,
    ask: fromBinary(MoveReservationRequestSchema, row.ask),
    move: row.move,
  };
}
