import pg from "pg";
import type { Rotation } from "./rotate-keys.ts";
import { encryptedColumns } from "./services.ts";
import { StandaloneError } from "./standalone-error.ts";
import { requireTable, type Visit } from "./visit-database.ts";

/** Counting a large table takes longer than a call to a service may. */
const statementTimeoutMs = 600_000;

/** Makes ready to change the keys of a platform, and sees to it that nobody else does so meanwhile, until it is closed. */
export async function openRotation(
  { keyFile, mayRun, urlOf, storeOf }: Visit,
  options: Pick<Rotation, "signal" | "tell">,
): Promise<{ readonly rotation: Rotation; close(): Promise<void> }> {
  const services = [...new Set(encryptedColumns.map(({ service }) => service))];
  // Held by the session, so that a crash lets go of it.
  const lock = new pg.Client({ connectionString: urlOf(services[0] ?? "") });
  lock.on("error", () => undefined);
  try {
    await lock.connect();
    const { rows } = await lock.query<{ locked: boolean }>(
      "select pg_try_advisory_lock(hashtext('dawr rotate-keys')) as locked",
    );
    if (rows[0]?.locked !== true) throw new StandaloneError("another rotate-keys is running");
    const stores = new Map(
      await Promise.all(
        services.map(async (service) => [service, await storeOf(service, { statementTimeoutMs })] as const),
      ),
    );
    const columns: Rotation["columns"][number][] = [];
    for (const { service, column } of encryptedColumns) {
      const store = stores.get(service);
      if (store === undefined) throw new Error(`${service} has no store`);
      await requireTable(store, column.table);
      columns.push({ store, column });
    }
    return { rotation: { keyFile, mayRun, columns, ...options }, close: () => lock.end() };
  } catch (error) {
    await lock.end().catch(() => undefined);
    throw error;
  }
}
