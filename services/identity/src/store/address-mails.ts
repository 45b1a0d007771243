import type { Tx } from "@dawr/store";

/** Counts one more mail to an address; false when it has had as many as it may within the hour, and none is to be sent. */
export async function countMail(
  tx: Tx,
  emailIndex: Uint8Array,
  at: Temporal.Instant,
  perHour: number,
): Promise<boolean> {
  const [row] = await tx.query<{ sent: number }>(
    `insert into address_mail as m (email_index, sent, since_time) values ($1, 1, $2)
     on conflict (email_index) do update set
       sent = case when m.since_time <= $3 then 1 else m.sent + 1 end,
       since_time = case when m.since_time <= $3 then $2 else m.since_time end
     returning sent`,
    [emailIndex, at, at.subtract({ hours: 1 })],
  );
  return row !== undefined && row.sent <= perHour;
}
