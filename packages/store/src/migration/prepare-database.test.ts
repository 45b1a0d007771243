import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { prepareDatabase } from "../index.ts";

// Roles belong to the whole server, which other suites use too.
const tag = randomBytes(3).toString("hex");
const services = [`a${tag}`, `b${tag}`];
const roles = services.map((service) => `dawr_${service}`);
const databases = [`prepare_${tag}_1`, `prepare_${tag}_2`];

let admin: pg.Client;

beforeAll(async () => {
  admin = await connect(urlOf("postgres"));
  for (const database of databases) await admin.query(`create database ${database}`);
});

afterAll(async () => {
  for (const database of databases) await admin.query(`drop database ${database} with (force)`);
  for (const role of roles) await admin.query(`drop role if exists ${role}`);
  await admin.end();
});

describe("prepareDatabase()", () => {
  test("makes roles, schemas and extensions, though several databases are prepared at once, each twice", async () => {
    await Promise.all(
      [...databases, ...databases].map((database) => prepareDatabase({ adminUrl: urlOf(database), services })),
    );
    for (const database of databases) {
      const client = await connect(urlOf(database));
      const { rows } = await client.query(
        `select nspname as schema, nspowner::regrole::text as owner from pg_namespace where nspname = any($1) order by 1`,
        [services],
      );
      expect(rows).toEqual(services.map((schema) => ({ schema, owner: "dawr_owner" })));
      const extensions = await client.query(
        "select extname from pg_extension where extnamespace = 'extensions'::regnamespace order by 1",
      );
      expect(extensions.rows.map(({ extname }) => extname)).toEqual([
        "btree_gist",
        "citext",
        "cube",
        "earthdistance",
        "pg_trgm",
        "pgcrypto",
      ]);
      await client.end();
    }
  });

  test("lets the migrating role make schemas, and a service use its own only", async () => {
    const [database = ""] = databases;
    const owner = await connect(urlOf(database, "dawr_owner"));
    await owner.query(`create schema jobs_${tag}; create table ${services[0]}.pet (id int)`);
    await owner.end();
    const service = await connect(urlOf(database, roles[0]));
    await expect(service.query("create schema mine")).rejects.toMatchObject({ code: "42501" });
    await expect(service.query("create table public.mine (id int)")).rejects.toMatchObject({ code: "42501" });
    await expect(service.query(`select * from ${services[1]}.pet`)).rejects.toMatchObject({ code: "42501" });
    expect((await service.query("select extensions.gen_random_bytes(2) is not null as yes")).rows).toEqual([
      { yes: true },
    ]);
    await service.end();
  });

  test("sets passwords as PostgreSQL would, and again only when they differ", async () => {
    const [database = ""] = databases;
    const prepare = (password: string) =>
      prepareDatabase({
        adminUrl: urlOf(database),
        services,
        // The owner's password is other suites' too.
        passwordOf: (role) => (role === "dawr_owner" ? "dawr-test" : password),
      });
    await prepare("first");
    const first = await passwords();
    expect(first.every((text) => text?.startsWith("SCRAM-SHA-256$4096:"))).toBe(true);
    await prepare("first");
    expect(await passwords()).toEqual(first);
    await prepare("second");
    const second = await passwords();
    expect(second).not.toContain(first[0]);
    // What the server itself has made of a password is known again.
    for (const role of roles) await admin.query(`alter role ${role} password 'third'`);
    const third = await passwords();
    await prepare("third");
    expect(await passwords()).toEqual(third);
  });

  test("is quick when there is nothing to do", async () => {
    const [database = ""] = databases;
    const took = [];
    for (let n = 0; n < 3; n++) {
      const startMs = performance.now();
      await prepareDatabase({ adminUrl: urlOf(database), services });
      took.push(performance.now() - startMs);
    }
    expect(Math.min(...took)).toBeLessThan(100);
  });
});

async function passwords(): Promise<readonly (string | null)[]> {
  const { rows } = await admin.query<{ rolpassword: string | null }>(
    "select rolpassword from pg_authid where rolname = any($1) order by rolname",
    [roles],
  );
  return rows.map(({ rolpassword }) => rolpassword);
}

function urlOf(database: string, role?: string): string {
  const url = new URL(process.env.DAWR_TEST_DATABASE_URL ?? "");
  url.pathname = `/${database}`;
  if (role !== undefined) url.username = role;
  return url.href;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return client;
}
