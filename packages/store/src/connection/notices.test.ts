import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { proxyTo } from "../../test/proxy.ts";
import { type TestSchema, testSchema } from "../../test/test-schema.ts";

/** Two stores stand for two processes. */
let schema: TestSchema;
beforeAll(async () => {
  schema = await testSchema("create table thing (id int)");
});
afterAll(() => schema.drop());

async function listening(...channels: readonly string[]) {
  const store = await schema.open();
  const heard: string[] = [];
  for (const channel of channels) await store.listen(channel, (payload) => heard.push(`${channel} ${payload}`));
  return { store, heard };
}

describe("notices", () => {
  test("given several in one transaction, then another process hears each once, and the own one too", async () => {
    const here = await listening("a", "b", "c");
    const there = await listening("a", "b", "c");
    await here.store.transaction((tx) => {
      for (const channel of ["a", "b", "c", "a"]) tx.notify(channel, "1");
    });
    expect(here.heard).toEqual(["a 1", "b 1", "c 1"]);
    await eventually(() => expect([...there.heard].sort()).toEqual(["a 1", "b 1", "c 1"]));
    // A later one shows that nothing comes a second time.
    await there.store.transaction((tx) => tx.notify("a", "2"));
    await eventually(() => expect(here.heard).toEqual(["a 1", "b 1", "c 1", "a 2"]));
    expect(there.heard.filter((each) => each === "a 1")).toHaveLength(1);
  });

  test("given many transactions before there is a connection to tell others, then all are heard", async () => {
    const there = await listening("d");
    const silent = await schema.open();
    await Promise.all([1, 2, 3, 4].map((n) => silent.transaction((tx) => tx.notify("d", String(n)))));
    await eventually(() => expect([...there.heard].sort()).toEqual(["d 1", "d 2", "d 3", "d 4"]));
  });

  test("given a transaction that ends while its store closes, then others hear of it", async () => {
    const there = await listening("e");
    const here = await listening("e");
    const begun = Promise.withResolvers<void>();
    const running = here.store.transaction(async (tx) => {
      begun.resolve();
      await tx.query("select pg_sleep(0.2)");
      tx.notify("e", "late");
    });
    await begun.promise;
    await Promise.all([here.store.close(), running]);
    await eventually(() => expect(there.heard).toEqual(["e late"]));
  });

  test("given the connection is cut while it tells others, then they hear of it all the same", async () => {
    let cuts = 0;
    const proxy = await proxyTo(schema, {
      toServer: (bytes, client) => {
        if (!bytes.includes("pg_notify") || cuts > 0) return true;
        cuts += 1;
        client.destroy();
        return false;
      },
    });
    const there = await listening("f");
    const here = await schema.open({ url: proxy.url });
    await here.transaction((tx) => tx.notify("f", "1"));
    await eventually(() => expect([cuts, there.heard]).toEqual([1, ["f 1"]]));
    proxy.close();
  });

  test("given nobody can be told, then it is not tried anew for every transaction", async () => {
    let attempts = 0;
    const proxy = await proxyTo(schema, {
      toServer: (bytes, client) => {
        if (!bytes.includes("probe listen")) return true;
        attempts += 1;
        client.destroy();
        return false;
      },
    });
    const here = await schema.open({ url: proxy.url });
    for (let count = 0; count < 50; count++)
      await here.transaction((tx) => {
        tx.post("insert into thing values (1)");
        tx.notify("g", String(count));
      });
    expect(attempts).toBeLessThan(10);
    await here.close();
    proxy.close();
  });

  test("given it is alone on its database, then it hears itself and tells nobody", async () => {
    const there = await listening("h");
    const alone = await schema.open({ isAlone: true });
    const heard: string[] = [];
    await alone.listen("h", (payload) => heard.push(payload));
    await alone.transaction((tx) => tx.notify("h", "1"));
    expect(heard).toEqual(["1"]);
    await there.store.transaction((tx) => tx.notify("h", "2"));
    await eventually(() => expect(heard).toEqual(["1", "2"]));
    expect(there.heard).toEqual(["h 2"]);
  });
});
