import pg from "pg";
import { StoreError } from "../errors.ts";
import type { Log } from "../log.ts";
import { fromDriver, isConnectionLoss } from "./driver-errors.ts";

/** Wakes who listens to a channel, here and elsewhere. */
export type Notify = (channel: string, payload: string) => void;

/** Hears notifications, and sends them, on one connection of its own. */
export type Listener = {
  readonly listen: (channel: string, onNotify: (payload: string) => void) => Promise<() => Promise<void>>;
  /** Calls this process's own handlers at once, and tells the others soon: what comes meanwhile goes in one statement. */
  readonly notify: Notify;
  readonly close: () => Promise<void>;
};

type Handler = (payload: string) => void;

/**
 * Makes the listener; it connects when first used. A lost connection is made again with back-off, and then every handler
 * is called with "", since what was said meanwhile is lost. A connection that no longer answers counts as lost.
 */
export function openListener(
  config: pg.ClientConfig,
  { log, isAlone }: { readonly log: Log; readonly isAlone: boolean },
): Listener {
  const handlers = new Map<string, Set<Handler>>();
  let connected: Promise<pg.Client> | undefined;
  let current: pg.Client | undefined;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;
  const notices = new Map<string, readonly [channel: string, payload: string]>();
  let telling: Promise<void> | undefined;
  const pulse = setInterval(() => void checkPulse(), pulseMs);
  pulse.unref();

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...config, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
    client.on("notification", ({ channel, payload = "", processId }) => {
      // What this process has said was heard here before it was sent.
      if (processId !== pidOf(client)) deliver(channel, payload);
    });
    client.on("error", (error) => lose(client, error));
    client.on("end", () => lose(client, undefined));
    try {
      await client.connect();
      for (const channel of handlers.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      client.end().catch(() => {});
      throw fromDriver(error);
    }
    if (isClosed) {
      await client.end();
      throw closedError();
    }
    current = client;
    return client;
  }

  function deliver(channel: string, payload: string): void {
    for (const handler of handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        log.warn({ err: error, channel }, "a listener failed");
      }
    }
  }

  function lose(client: pg.Client, error: unknown): void {
    if (client !== current) return;
    current = undefined;
    connected = undefined;
    client.end().catch(() => {});
    if (isClosed) return;
    log.warn({ err: fromDriver(error), channels: [...handlers.keys()] }, "the listening connection was lost");
    reconnectAfter(firstRetryMs);
  }

  function reconnectAfter(ms: number): void {
    if (isClosed || retry !== undefined) return;
    retry = setTimeout(
      () => {
        retry = undefined;
        connected ??= connect();
        connected.then(
          () => {
            log.info({ channels: [...handlers.keys()] }, "listening again");
            for (const channel of handlers.keys()) deliver(channel, "");
            tell();
          },
          () => {
            connected = undefined;
            reconnectAfter(Math.min(ms * 2, lastRetryMs));
          },
        );
      },
      ms * (0.5 + Math.random() / 2),
    );
    retry.unref();
  }

  async function checkPulse(): Promise<void> {
    const client = current;
    if (client === undefined) return;
    try {
      await client.query("select");
    } catch (error) {
      lose(client, error);
    }
  }

  /** Sends what there is to say, as one statement after the other; what a lost connection kept from being sent goes again. */
  function tell(): void {
    if (retry !== undefined) return;
    telling ??= tellAll().finally(() => {
      telling = undefined;
    });
  }

  async function tellAll(): Promise<void> {
    while (notices.size > 0) {
      let client: pg.Client;
      try {
        connected ??= connect();
        client = await connected;
      } catch (error) {
        if (isClosed) return;
        connected = undefined;
        log.warn({ err: fromDriver(error) }, "others were not notified; it is tried again");
        return reconnectAfter(firstRetryMs);
      }
      // Only now: what came while there was no connection belongs to the batch.
      const batch = [...notices];
      notices.clear();
      const pairs = batch.map(([, pair]) => pair);
      try {
        await client.query(notifyStatement, [pairs.map(([channel]) => channel), pairs.map(([, payload]) => payload)]);
      } catch (error) {
        if (isClosed) return;
        if (isConnectionLoss(fromDriver(error))) {
          for (const [key, pair] of batch) notices.set(key, pair);
          return lose(client, error);
        }
        log.error({ err: fromDriver(error), channels: pairs.map(([channel]) => channel) }, "others were not notified");
      }
    }
  }

  return {
    listen: async (channel, onNotify) => {
      if (isClosed) throw closedError();
      if (channel === "" || Buffer.byteLength(channel) > 63) throw new RangeError(`${channel} is no channel's name`);
      // A wrapper, so that the same function may listen twice and leave once.
      const handler: Handler = (payload) => onNotify(payload);
      const others = handlers.get(channel);
      handlers.set(channel, (others ?? new Set()).add(handler));
      const leave = async (): Promise<void> => {
        const rest = handlers.get(channel);
        if (rest?.delete(handler) !== true || rest.size > 0) return;
        handlers.delete(channel);
        // If the connection is just being lost, nothing is listened to any more anyway.
        if (current !== undefined) await current.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => {});
        if (handlers.has(channel) && current !== undefined)
          await current.query(`listen ${pg.escapeIdentifier(channel)}`);
      };
      try {
        const first = connected === undefined;
        connected ??= connect();
        const client = await connected;
        if (!first) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      } catch (error) {
        if (current === undefined && retry === undefined) connected = undefined;
        await leave();
        throw fromDriver(error);
      }
      return leave;
    },

    notify: (channel, payload) => {
      deliver(channel, payload);
      if (isAlone) return;
      notices.set(`${channel} ${payload}`, [channel, payload]);
      tell();
    },

    close: async () => {
      await telling;
      isClosed = true;
      clearInterval(pulse);
      clearTimeout(retry);
      handlers.clear();
      const client = current;
      current = undefined;
      await client?.end();
    },
  };
}

function closedError(): StoreError {
  return new StoreError("UNAVAILABLE", "the store is closed");
}

function pidOf(client: pg.Client): unknown {
  return Reflect.get(client, "processID");
}

// Nobody waits for the disk: a notification is worth nothing after a crash.
const notifyStatement = `
  select set_config('synchronous_commit', 'off', true), pg_notify(channel, payload)
  from unnest($1::text[], $2::text[]) as n (channel, payload)`;

const pulseMs = 15_000;
const firstRetryMs = 50;
const lastRetryMs = 5_000;
