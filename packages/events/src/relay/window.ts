/** What the window needs to know of an event. */
export type Queued = { readonly position: bigint; readonly key: string; readonly data: Uint8Array };

/** The events that a relay holds in memory: queues by key, of which each is worked on by one delivery at a time. */
export type Window<T extends Queued> = {
  /** Takes in events read from the outbox, as far as there is room; answers whether any were left out. */
  readonly admit: (rows: readonly T[]) => boolean;
  /** The next idle key's events, in order; the key is busy from then on. */
  readonly take: () => readonly T[] | undefined;
  /** Ends a key's delivery: its events stay known until they are forgotten. Answers whether the key has room again. */
  readonly done: (key: string) => boolean;
  /** Gives events back whose delivery failed; the key stays busy until resume(). */
  readonly giveBack: (rows: readonly T[]) => void;
  /** Makes a key that was given back idle. */
  readonly resume: (key: string) => void;
  /** Forgets positions that are deleted from the outbox. */
  readonly forget: (positions: readonly bigint[]) => void;
  readonly room: () => number;
  readonly known: () => readonly bigint[];
  readonly fullKeys: () => readonly string[];
};

/** The window's bounds. */
export type WindowBounds = {
  /** Events held, those included that are delivered and not yet deleted. */
  readonly size: number;
  /** Events of one key held, and handed over at once: a key with many cannot crowd out the others. */
  readonly perKey: number;
  /** Data held, in bytes; one event always fits. */
  readonly bytes: number;
};

type Queue<T> = { rows: T[]; isBusy: boolean; isFull: boolean };

/** Opens an empty window. */
export function openWindow<T extends Queued>(bounds: WindowBounds): Window<T> {
  const queues = new Map<string, Queue<T>>();
  const bytesAt = new Map<bigint, number>();
  /** Idle keys with events, in the order in which they became so. */
  const ready = new Set<string>();
  let bytes = 0;
  /** Something did not fit: reading again is of no use before something has been forgotten. */
  let isCrowded = false;

  function settle(key: string, queue: Queue<T>): void {
    if (queue.isBusy) return;
    if (queue.rows.length > 0) ready.add(key);
    // A full key whose events are all gone is forgotten too: the next reading finds the rest of them.
    else queues.delete(key);
  }

  return {
    admit: (rows) => {
      let isAnyLeft = false;
      const touched = new Set<string>();
      for (const row of rows) {
        const queue = queues.get(row.key) ?? { rows: [], isBusy: false, isFull: false };
        queues.set(row.key, queue);
        touched.add(row.key);
        const isOver = bytesAt.size >= bounds.size || (bytes > 0 && bytes + row.data.length > bounds.bytes);
        // Once one event of a key is left out, all later ones are: they must not overtake it.
        if (queue.isFull || queue.rows.length >= bounds.perKey || isOver) {
          queue.isFull = true;
          isAnyLeft = true;
          isCrowded ||= isOver;
          continue;
        }
        queue.rows.push(row);
        bytesAt.set(row.position, row.data.length);
        bytes += row.data.length;
      }
      for (const key of touched) {
        const queue = queues.get(key);
        if (queue !== undefined) settle(key, queue);
      }
      return isAnyLeft;
    },

    take: () => {
      for (const key of ready) {
        ready.delete(key);
        const queue = queues.get(key);
        if (queue === undefined) continue;
        const rows = queue.rows;
        queue.rows = [];
        queue.isBusy = true;
        return rows;
      }
      return undefined;
    },

    done: (key) => {
      const queue = queues.get(key);
      if (queue === undefined) return false;
      const wasFull = queue.isFull && queue.rows.length === 0;
      queue.isBusy = false;
      if (wasFull) queue.isFull = false;
      settle(key, queue);
      return wasFull;
    },

    giveBack: (rows) => {
      const key = rows[0]?.key;
      const queue = key === undefined ? undefined : queues.get(key);
      if (queue !== undefined) queue.rows = [...rows, ...queue.rows];
    },

    resume: (key) => {
      const queue = queues.get(key);
      if (queue === undefined) return;
      queue.isBusy = false;
      settle(key, queue);
    },

    forget: (positions) => {
      for (const position of positions) {
        bytes -= bytesAt.get(position) ?? 0;
        bytesAt.delete(position);
      }
      isCrowded = false;
    },

    room: () => (isCrowded ? 0 : bounds.size - bytesAt.size),
    known: () => [...bytesAt.keys()],
    fullKeys: () => [...queues].flatMap(([key, queue]) => (queue.isFull ? [key] : [])),
  };
}
