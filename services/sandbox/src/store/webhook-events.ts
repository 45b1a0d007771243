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
export function insertEvent(tx: Tx, event: Omit<WebhookEvent, "attempts">): void {
  tx.post("insert into webhook_event (id, charge_id, type, url, body, create_time) values ($1, $2, $3, $4, $5, $6)", [
    event.id,
    event.chargeId,
    event.type,
    event.url,
    event.body,
    event.createTime,
  ]);
}

/** Reads an event that is to be sent. */
export async function getEvent(source: Pick<Tx, "query">, id: string): Promise<WebhookEvent | undefined> {
  const [row] = await source.query<EventRow>(
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
export function recordAttempt(
  tx: Tx,
  id: string,
  attempt: {
    readonly result: string;
    readonly end: "delivered" | "given up" | undefined;
    readonly at: Temporal.Instant;
  },
): void {
  tx.post(
    `update webhook_event set attempts = attempts + 1, last_result = $2,
       deliver_time = case when $3 = 'delivered' then coalesce(deliver_time, $4::timestamptz) else deliver_time end,
       give_up_time = case when $3 = 'given up' then $4::timestamptz else give_up_time end
     where id = $1`,
    [id, attempt.result, attempt.end ?? "", attempt.at],
  );
}

/** Forgets events that were made before an instant. */
export function forgetEvents(tx: Tx, before: Temporal.Instant): void {
  tx.post("delete from webhook_event where create_time < $1", [before]);
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
