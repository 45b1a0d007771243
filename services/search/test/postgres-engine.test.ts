import { eventsMigrations } from "@dawr/events";
import { testStore } from "@dawr/testkit";
import { postgresEngine } from "../src/engines/postgres-engine.ts";
import { engineContract } from "./engine-contract.ts";

engineContract("postgresql", async () => {
  const store = await testStore({
    schema: "search",
    folders: [eventsMigrations, new URL("../migrations/", import.meta.url)],
  });
  return { engine: postgresEngine(store), transaction: store.transaction, close: store.drop };
});
