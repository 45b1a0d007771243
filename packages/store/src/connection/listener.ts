import pg from "pg";
import { StoreError } from "../errors.ts";
import type { Log } from "../log.ts";
import { fromDriver } from "./driver-errors.ts";

/** Hears notifications on one connection of its own. */
export type Listener = {
  readonly listen: (channel: string, onNotify: (payload: string) => void) => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
};

type Handler = (payload: string) => void;

/**
 * Makes the listener; it connects when first used. A lost connection is made again with back-off, and then every handler
 * is called with "", since what was said meanwhile is lost. A connection that no longer answers counts as lost.
 */
export function openListener(config: pg.ClientConfig, log: Log): Listener {
  const handlers = new Map<string, Set<Handler>>();
  let connected: Promise<pg.Client> | undefined;
  let current: pg.Client | undefined;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;
  const pulse = setInterval(() => void checkPulse(), pulseMs);
  pulse.unref();

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ ...config, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
    client.on("notification", ({ channel, payload = "" }) => deliver(channel, payload));
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
      await inTurn(client, "select");
    } catch (error) {
      lose(client, error);
    }
  }

  // The driver takes one statement at a time.
  let turn: Promise<unknown> = Promise.resolve();
  function inTurn(client: pg.Client, text: string): Promise<unknown> {
    turn = turn.catch(() => {}).then(() => client.query(text));
    return turn;
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
        if (current !== undefined) await inTurn(current, `unlisten ${pg.escapeIdentifier(channel)}`).catch(() => {});
        if (handlers.has(channel) && current !== undefined)
          await inTurn(current, `listen ${pg.escapeIdentifier(channel)}`);
      };
      try {
        const first = connected === undefined;
        connected ??= connect();
        const client = await connected;
        if (!first) await inTurn(client, `listen ${pg.escapeIdentifier(channel)}`);
      } catch (error) {
        if (current === undefined && retry === undefined) connected = undefined;
        await leave();
        throw fromDriver(error);
      }
      return leave;
    },

    close: async () => {
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

const pulseMs = 15_000;
const firstRetryMs = 50;
const lastRetryMs = 5_000;
