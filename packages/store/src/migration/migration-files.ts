import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** One step forward of a schema. */
export type Migration = {
  /** Whose it is: the package or service that has the folder. */
  readonly owner: string;
  /** `0001-name.sql`. */
  readonly name: string;
  /** SHA-256 of the text, its line ends being LF. */
  readonly hash: string;
  readonly sql: string;
};

/** Reads folders of migrations, in the order in which they are to run; throws on a name or number that cannot be right. */
export async function readMigrations(folders: readonly URL[]): Promise<readonly Migration[]> {
  const read = await Promise.all(folders.map(readFolder));
  const owners = read.map(({ owner }) => owner);
  const twice = owners.find((owner, index) => owners.indexOf(owner) !== index);
  if (twice !== undefined) throw new Error(`two folders of migrations belong to ${twice}`);
  return read.flatMap(({ migrations }) => migrations);
}

async function readFolder(folder: URL): Promise<{ owner: string; migrations: readonly Migration[] }> {
  const path = fileURLToPath(folder).replace(/[/\\]+$/, "");
  // packages/events/migrations is "events": the same on every machine, whatever stands before it.
  const owner = basename(path) === "migrations" ? basename(dirname(path)) : basename(path);
  const names = (await readdir(path)).filter((name) => name.endsWith(".sql")).sort();
  const migrations = await Promise.all(
    names.map(async (name, index) => {
      const number = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1];
      if (number === undefined) throw new Error(`${owner}/${name}: a migration is called NNNN-name.sql`);
      if (Number(number) !== index + 1)
        throw new Error(`${owner}/${name}: migrations are numbered from 0001 without gaps`);
      // A checkout on Windows must not look like a changed file.
      const sql = (await readFile(`${path}/${name}`, "utf8")).replaceAll("\r\n", "\n");
      return { owner, name, sql, hash: createHash("sha256").update(sql).digest("hex") };
    }),
  );
  return { owner, migrations };
}
