import type { Host } from "@dawr/runtime";
import { type Job, nextDeadline, type Timer } from "@dawr/runtime";
import type { Store } from "@dawr/store";
import type { Engine } from "../engines/engine.ts";
import { rebuildJobName } from "../rpc/index-status.ts";
import { keepCategories, keepProviders, keepServices } from "../store/copies.ts";
import { endRebuild } from "../store/index-state.ts";
import { markAllForReindex, needsReindex, reindexChannel, reindexSome } from "../store/reindex.ts";
import { categoryNames, publishedProviders } from "./catalog-reader.ts";

/** What indexing needs. */
export type IndexingDeps = {
  readonly store: Store;
  readonly engine: Engine;
  readonly client: Host["client"];
  readonly now: () => Temporal.Instant;
};

/** The job that asks for the names of categories. */
export const categoriesJobName = "refresh-categories";

const batchSize = 200;

/** Brings entries up to date as soon as their copies have changed. (SE-05) */
export function reindexTimer({ store, engine, now }: IndexingDeps): Timer {
  return nextDeadline({
    name: "reindex",
    channel: reindexChannel,
    next: async () => ((await store.read(needsReindex)) ? now() : undefined),
    fire: async () => void (await store.transaction((tx) => reindexSome(tx, engine, batchSize))),
  });
}

/** The jobs of the index: names of categories, each night and at the start, and rebuilding when somebody asks. */
export function indexingJobs(deps: IndexingDeps): readonly Job[] {
  return [
    { name: categoriesJobName, schedule: "17 3 * * *", run: () => refreshCategories(deps) },
    { name: rebuildJobName, run: () => rebuild(deps) },
  ];
}

/** Asks catalog what its categories are called; where that has changed, all entries have other words. */
async function refreshCategories({ store, client }: IndexingDeps): Promise<void> {
  const names = await categoryNames(client);
  await store.transaction(async (tx) => {
    if (await keepCategories(tx, names)) await markAllForReindex(tx);
  });
}

/**
 * Makes the index anew: asks catalog for everything that is published, so that what an event failed to bring is there,
 * then makes every entry from its copies. Old entries answer until then.
 */
async function rebuild(deps: IndexingDeps): Promise<void> {
  const { store, engine, client, now } = deps;
  await refreshCategories(deps);
  for await (const page of publishedProviders(client)) {
    const eventTime = now();
    const copyOf = <M extends { readonly etag: string }>(resource: M) => ({
      resource,
      version: BigInt(resource.etag),
      eventTime,
    });
    await store.transaction(async (tx) => {
      await keepProviders(
        tx,
        page.map(({ provider }) => copyOf(provider)),
      );
      await keepServices(
        tx,
        page.flatMap(({ services }) => services.map(copyOf)),
      );
    });
  }
  await store.transaction(markAllForReindex);
  while ((await store.transaction((tx) => reindexSome(tx, engine, batchSize))) > 0);
  await store.transaction((tx) => endRebuild(tx, now()));
}
