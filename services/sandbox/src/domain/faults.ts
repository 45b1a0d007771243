/** The faults that the sandbox plays. Shares are from 0 to 1 and are drawn from the seed, so that a run can be repeated. */
export type FaultPlan = {
  readonly seed: number;
  readonly webhooks: {
    /** Share that is sent lateMs later. */
    readonly late: number;
    readonly lateMs: number;
    /** Share that is sent twice, with the same event id. */
    readonly twice: number;
    /** Share that is held back for reorderMs, so that later events of the charge overtake it. */
    readonly reorder: number;
    readonly reorderMs: number;
    /** Share whose first attempt is lost. */
    readonly lose: number;
  };
  readonly api: {
    /** Share of writes that are done but not answered: the connection is cut. */
    readonly loseResponse: number;
    /** Share of calls that are answered with 500 and not done. */
    readonly fail: number;
    /** How much longer every call takes, in milliseconds. */
    readonly slowMs: number;
  };
};

/** No faults at all. */
export const noFaults: FaultPlan = {
  seed: 1,
  webhooks: { late: 0, lateMs: 2_000, twice: 0, reorder: 0, reorderMs: 1_000, lose: 0 },
  api: { loseResponse: 0, fail: 0, slowMs: 0 },
};

/** When, after now, an event is sent, in milliseconds; and whether the first attempt of each is lost. */
export type DeliveryPlan = { readonly delaysMs: readonly number[]; readonly loseFirst: boolean };

/** Plans how an event is sent; draw(kind) answers a number from 0 to 1 for each kind of fault. */
export function planDelivery({ webhooks }: FaultPlan, draw: (kind: string) => number): DeliveryPlan {
  const late = draw("webhook.late") < webhooks.late ? webhooks.lateMs : 0;
  const held = draw("webhook.reorder") < webhooks.reorder ? webhooks.reorderMs : 0;
  const first = late + held;
  const delaysMs = draw("webhook.twice") < webhooks.twice ? [first, first] : [first];
  return { delaysMs, loseFirst: draw("webhook.lose") < webhooks.lose };
}

/** What happens to one call of the API. */
export type CallFault = "none" | "fail" | "lose-response";

/** Plans what happens to a call; only writes lose their answers. */
export function planCall({ api }: FaultPlan, isWrite: boolean, draw: (kind: string) => number): CallFault {
  if (draw("api.fail") < api.fail) return "fail";
  return isWrite && draw("api.lose") < api.loseResponse ? "lose-response" : "none";
}

/** Draws numbers from 0 to 1 by seed: the n-th draw of a kind is the same in each run. */
export function seededDraws(seed: number): (kind: string) => number {
  const counts = new Map<string, number>();
  return (kind) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return hash(`${seed}/${kind}/${count}`) / 2 ** 32;
  };
}

/** FNV-1a with a final mix: spread evenly enough for shares, and the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
