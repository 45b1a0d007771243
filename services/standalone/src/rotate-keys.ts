import { setTimeout as delay } from "node:timers/promises";
import {
  addKeyVersion,
  countUnderOlderKeys,
  type EncryptedColumn,
  type KeyRing,
  keyFileReadEveryMs,
  openKeyRing,
  readKeyFile,
  removeKeyVersionsBefore,
  rotateColumn,
  type Store,
} from "@dawr/store";
import { StandaloneError } from "./standalone-error.ts";

/** What a change of keys works with. */
export type Rotation = {
  readonly keyFile: string;
  /** All that the keys have encrypted. */
  readonly columns: readonly { readonly store: Store; readonly column: EncryptedColumn }[];
  /** Whether other processes may be writing with these keys meanwhile. */
  readonly mayRun: boolean;
  /** Ends the work after the batch that it is at, by throwing the signal's reason; the next run goes on from there. */
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
};

/** By then every process has looked at the file. */
const knownAfterMs = keyFileReadEveryMs + 1_000;
/** By then no transaction is under way any more that began under an older key. */
const settledAfterMs = 90_000;
const pauseMs = 500;
/** So many times in a row may nothing be done because others hold what is left. */
const patience = 60;

/**
 * Adds a key and encrypts everything anew under it; when something waits for that still, no key is added. Answers what
 * came of it. Only one may run at a time.
 */
export async function rotateKeys(rotation: Rotation): Promise<string> {
  const { keyFile, tell } = rotation;
  let keys = await openKeyRing(keyFile);
  const waiting = await countLeft(rotation, keys);
  if (waiting > 0) tell(`${counted(waiting)} under a key older than ${keys.currentVersion}: going on with that.`);
  else {
    await addKeyVersion(keyFile);
    keys = await openKeyRing(keyFile);
    tell(`Key ${keys.currentVersion} is in ${keyFile}. Back it up.`);
  }
  return await encryptAnew(rotation, keys, knownAfterMs);
}

/** Encrypts anew what is left under older keys, then takes those out of the file. Answers what came of it. */
export async function retireKeys(rotation: Rotation): Promise<string> {
  const { keyFile } = rotation;
  const keys = await openKeyRing(keyFile);
  const { currentVersion } = keys;
  const said = await encryptAnew(rotation, keys, settledAfterMs);
  const removed = await removeKeyVersionsBefore(keyFile, currentVersion);
  return removed.length === 0
    ? `${said} There was no older key in ${keyFile}.`
    : `${said} ${removed.length === 1 ? "Key" : "Keys"} ${removed.join(" and ")} went out of ${keyFile}.`;
}

/** Nothing is left only once nobody writes under an older key any more, which is so when the newest has an age. */
async function encryptAnew(rotation: Rotation, keys: KeyRing, ageMs: number): Promise<string> {
  const { keyFile, mayRun, signal, tell } = rotation;
  let done = await rotateAll(rotation, keys);
  const waitMs = mayRun ? ageMs - ageOfNewest(keyFile) : 0;
  if (waitMs > 0) {
    tell(`Waiting ${Math.ceil(waitMs / 1_000)} s, until nobody writes under an older key any more.`);
    await pause(waitMs, signal);
  }
  for (let idle = 0, left = await countLeft(rotation, keys); left > 0; left = await countLeft(rotation, keys)) {
    const more = await rotateAll(rotation, keys);
    done += more;
    idle = more > 0 ? 0 : idle + 1;
    if (idle > patience) throw new StandaloneError(`${counted(left)} held by others; run this again later`);
    if (more === 0) await pause(pauseMs, signal);
  }
  const verb = done === 1 ? "was" : "were";
  return `${number(done)} ${done === 1 ? "value" : "values"} ${verb} encrypted anew; none is left under a key older than ${keys.currentVersion}.`;
}

async function rotateAll({ columns, signal, tell }: Rotation, keys: KeyRing): Promise<number> {
  let all = 0;
  for (const { store, column } of columns) {
    const name = `${store.schema}.${column.table}.${column.column}`;
    let sofar = 0;
    let toldMs = performance.now();
    const onBatch = (rows: number): void => {
      sofar += rows;
      if (performance.now() - toldMs < 5_000) return;
      toldMs = performance.now();
      tell(`  … ${name}: ${number(sofar)} so far`);
    };
    const rows = await rotateColumn(store, keys, column, { onBatch, signal });
    if (rows > 0) tell(`  ${name}: ${number(rows)}`);
    all += rows;
  }
  return all;
}

async function countLeft({ columns, signal }: Rotation, keys: KeyRing): Promise<number> {
  let left = 0;
  for (const { store, column } of columns) {
    signal.throwIfAborted();
    left += await countUnderOlderKeys(store, keys, column);
  }
  return left;
}

/** In milliseconds; a key of before that was written down is old enough. */
function ageOfNewest(keyFile: string): number {
  const createTime = readKeyFile(keyFile).versions.at(-1)?.createTime;
  if (createTime === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, Temporal.Now.instant().since(createTime).total("milliseconds"));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

const number = (count: number): string => count.toLocaleString("en");
const counted = (count: number): string => (count === 1 ? "1 value is" : `${number(count)} values are`);
