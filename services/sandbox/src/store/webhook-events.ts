import type { Tx } from "@dawr/store";

/** An event for a merchant, with the exact bytes that are sent. */
export type WebhookEvent = {
  readonly id: string;
  readonly chargeId: string;
  readonly type: string;
  readonly url: string;
  readonly body: string;
  readonly attempts: number;
  readonly createTime: Temporal.Instant;
};

/** Stores an event that is to be sent. */
export async function insertEvent(tx: Tx, event: Omit<WebhookEvent, "attempts">): Promise<void> {
  await tx.query(
    "insert into webhook_event (id, charge_id, type, url, body, create_time) values ($1, $2, $3, $4, $5, $6)",
    [event.id, event.chargeId, event.type, event.url, event.body, event.createTime],
  );
}

/** Reads an event that is to be sent. */
export async function getEvent(tx: Tx, id: string): Promise<WebhookEvent | undefined> {
  const [row] = await tx.query<EventRow>(
    "select id, charge_id, type, url, body, attempts, create_time from webhook_event where id = $1",
    [id],
  );
  if (row === undefined) return undefined;
  return {
    id: row.id,
    chargeId: row.charge_id,
    type: row.type,
    url: row.url,
    body: row.body,
    attempts: row.attempts,
    createTime: row.create_time,
  };
}

/** Records how one attempt ended: "200", "503", "timeout", "lost", … */
export async function recordAttempt(
  tx: Tx,
  id: string,
  attempt: {
    readonly result: string;
    readonly end: "delivered" | "given up" | undefined;
    readonly at: Temporal.Instant;
  },
): Promise<void> {
  await tx.query(
    `update webhook_event set attempts = attempts + 1, last_result = $2,
       deliver_time = case when $3 = 'delivered' then coalesce(deliver_time, $4::timestamptz) else deliver_time end,
       give_up_time = case when $3 = 'given up' then $4::timestamptz else give_up_time end
     where id = $1`,
    [id, attempt.result, attempt.end ?? "", attempt.at],
  );
}

/** Forgets events that were made before an instant. */
export async function forgetEvents(tx: Tx, before: Temporal.Instant): Promise<void> {
  await tx.query("delete from webhook_event where create_time < $1", [before]);
}

type EventRow = {
  readonly id: string;
  readonly charge_id: string;
  readonly type: string;
  readonly url: string;
  readonly body: string;
  readonly attempts: number;
  readonly create_time: Temporal.Instant;
};
