import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";

/** Opens the embedded database of a data folder as its superuser: the checks read all schemas. */
export async function openDatabase(dataDir: string): Promise<pg.Client> {
  const folder = join(dataDir, "postgres");
  const password = (await readFile(join(folder, "superuser-password"), "utf8")).trim();
  const port = (await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n")[3];
  const client = new pg.Client({
    host: "127.0.0.1",
    port: Number(port),
    user: "postgres",
    password,
    database: "postgres",
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
