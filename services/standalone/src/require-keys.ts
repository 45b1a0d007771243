import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { canReadColumn, type EncryptedColumn, openKeyRing, openStore, type Store } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { encryptedColumns } from "./services.ts";
import { StandaloneError } from "./standalone-error.ts";

/**
 * Refuses keys that do not read what the database holds already, and to make some where they are missing: under others
 * nobody would be found again, and what belongs together would be written under two.
 */
export async function requireFittingKeys(adminUrl: string, keyFile: string): Promise<void> {
  const isMissing = !existsSync(keyFile);
  const nobodys = { versions: [{ version: 1, key: randomBytes(32) }] };
  const keys = await openKeyRing(isMissing ? nobodys : keyFile);
  const stores = new Map<string, Store>();
  try {
    for (const { service, column } of encryptedColumns) {
      const store = stores.get(service) ?? (await openAsAdmin(adminUrl, service));
      stores.set(service, store);
      const fit = (await isThere(store, column)) ? await canReadColumn(store, keys, column) : undefined;
      if (fit === true) return;
      if (fit === undefined) continue;
      throw new StandaloneError(
        isMissing
          ? `the encryption keys are missing (${keyFile}), and the database holds what only they can read; put them back, or start with the folder that it was filled with (--data), or anew (--fresh, or another database)`
          : `the encryption keys in ${keyFile} do not read what the database holds; start with the folder that it was filled with (--data), or on another database`,
      );
    }
  } finally {
    for (const store of stores.values()) await store.close();
  }
}

async function openAsAdmin(url: string, schema: string): Promise<Store> {
  const log = createLogger({ service: "standalone", level: "silent" });
  return await openStore({ url, schema, maxConnections: 1, now: () => Temporal.Now.instant(), log });
}

async function isThere(store: Store, { table, column }: EncryptedColumn): Promise<boolean> {
  const rows = await store.query("select from pg_attribute where attrelid = to_regclass($1) and attname = $2", [
    `${store.schema}.${table}`,
    column,
  ]);
  return rows.length > 0;
}
