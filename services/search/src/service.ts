import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config } from "./config.ts";
import { postgresEngine } from "./engines/postgres-engine.ts";
import { availabilityShares, catalogCopies } from "./events/copies.ts";
import { categoriesJobName, indexingJobs, reindexTimer } from "./indexing/jobs.ts";
import type { Deps } from "./rpc/deps.ts";
import { errors } from "./rpc/errors.ts";
import { getIndexStatus, rebuildIndex } from "./rpc/index-status.ts";
import { explainRanking, searchProviders } from "./rpc/search-providers.ts";
import { importResources } from "./store/import-resources.ts";

/** Search decides what is found, and in which order; its index is derived and can be lost. */
export const search = defineService({
  name: "search",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  errors,
  start({ store, keys, now, client, enqueue, config }) {
    const engine = postgresEngine(store);
    const deps: Deps = {
      store,
      engine,
      keys,
      rules: {
        weights: {
          distance: config.SEARCH_WEIGHT_DISTANCE,
          rating: config.SEARCH_WEIGHT_RATING,
          availability: config.SEARCH_WEIGHT_AVAILABILITY,
          verification: config.SEARCH_WEIGHT_VERIFICATION,
        },
        unratedStars: config.SEARCH_UNRATED_STARS,
        unverifiedValue: config.SEARCH_UNVERIFIED_VALUE,
      },
      defaultRadiusMetres: config.SEARCH_DEFAULT_RADIUS_METRES,
      candidateLimit: config.SEARCH_CANDIDATES,
    };
    const indexing = { store, engine, client, now };
    return {
      implementations: [
        implement(SearchService, {
          searchProviders: searchProviders(deps),
          explainRanking: explainRanking(deps),
          getIndexStatus: getIndexStatus(deps),
          rebuildIndex: rebuildIndex({ ...deps, enqueue }),
        }),
      ],
      consumers: [catalogCopies(), availabilityShares(engine)],
      jobs: indexingJobs(indexing),
      timers: [reindexTimer(indexing)],
      // In a job, because catalog may not be there yet.
      ready: () => store.transaction((tx) => enqueue(tx, categoriesJobName, {}, { key: categoriesJobName })),
    };
  },
  importResources: (tx, resources, { store, now }) => importResources(tx, resources, postgresEngine(store), now()),
});
