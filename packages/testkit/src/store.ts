import { migrate, openStore, type Store, type StoreOptions, serviceRole, storeMigrations } from "@dawr/store";
import { type TestDatabase, testDatabase } from "./database.ts";

/** A store in a database of its own. */
export type TestStore = Store & {
  readonly database: TestDatabase;
  /** Closes the store and drops its database. */
  readonly drop: () => Promise<void>;
};

/**
 * Opens a store as a service of that name has it: the folders' migrations run by the migrating role (the store's own come
 * first by themselves), then connected with the service's role.
 */
export async function testStore(
  options: { readonly schema: string; readonly folders?: readonly URL[] } & Partial<Omit<StoreOptions, "url">>,
): Promise<TestStore> {
  const { schema, folders = [], now = () => Temporal.Now.instant(), log = silent, ...rest } = options;
  const database = await testDatabase([schema]);
  await migrate({
    url: database.ownerUrl,
    schema,
    serviceRole: serviceRole(schema),
    folders: [storeMigrations, ...folders.filter((folder) => folder.href !== storeMigrations.href)],
    log,
  });
  const store = await openStore({ url: database.urlOf(schema), schema, now, log, ...rest });
  return {
    ...store,
    database,
    drop: async () => {
      await store.close();
      await database.drop();
    },
  };
}

const silent = { debug: () => {}, error: () => {}, info: () => {}, warn: () => {} };
