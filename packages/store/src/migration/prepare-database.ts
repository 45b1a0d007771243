import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { fromDriver } from "../connection/driver-errors.ts";

/** What a database is prepared for. */
export type PrepareOptions = {
  /** With a role that may create roles and extensions. */
  readonly adminUrl: string;
  readonly services: readonly string[];
  /** The password of each role (`dawr_owner`, `dawr_<service>`); without it roles get none, and log in by other means. */
  readonly passwordOf?: (role: string) => string;
};

/** The role that migrates. */
export const ownerRole = "dawr_owner";

/** The role of a service. */
export function serviceRole(service: string): string {
  return `dawr_${service}`;
}

/**
 * Makes what all services need once per database: roles, a schema for each service that the migrating role owns, and the
 * extensions in a schema of their own. Running it again changes nothing; several may run at once.
 */
export async function prepareDatabase({ adminUrl, services, passwordOf }: PrepareOptions): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: "dawr prepare" });
  // The failing statement tells; without a listener the process would end.
  client.on("error", () => {});
  try {
    await client.connect();
    const state = await readState(client);
    const statements = [
      ...(await roleStatements(client, state, [ownerRole, ...services.map(serviceRole)], passwordOf)),
      ...databaseStatements(state, services),
    ];
    for (const statement of statements) await runUntilUndisturbed(client, statement);
  } catch (error) {
    throw fromDriver(error);
  } finally {
    await client.end().catch(() => {});
  }
}

const extensions = ["btree_gist", "cube", "earthdistance", "pg_trgm", "citext", "pgcrypto"] as const;

type State = {
  readonly database: string;
  readonly roles: readonly string[];
  readonly schemas: readonly string[];
  readonly extensions: readonly string[];
  readonly isOwnerToo: boolean;
  readonly ownerMayCreate: boolean;
  readonly publicMayCreate: boolean;
};

async function readState(client: pg.Client): Promise<State> {
  const { rows } = await client.query<State>(
    `select current_database()::text as database,
       array(select rolname::text from pg_roles where starts_with(rolname, 'dawr_')) as roles,
       array(select nspname::text from pg_namespace) as schemas,
       array(select extname::text from pg_extension) as extensions,
       coalesce((select pg_has_role(oid, 'member') from pg_roles where rolname = $1), rolsuper) as "isOwnerToo",
       coalesce((select has_database_privilege(oid, current_database(), 'create') from pg_roles where rolname = $1), false)
         as "ownerMayCreate",
       coalesce((select has_schema_privilege('public', oid, 'create') from pg_namespace where nspname = 'public'), false)
         as "publicMayCreate"
     from pg_roles where rolname = current_user`,
    [ownerRole],
  );
  const [state] = rows;
  if (state === undefined) throw new Error("the database told nothing of itself");
  return state;
}

async function roleStatements(
  client: pg.Client,
  state: State,
  roles: readonly string[],
  passwordOf: PrepareOptions["passwordOf"],
): Promise<readonly string[]> {
  const missing = roles.filter((role) => !state.roles.includes(role));
  const create = missing.map(
    (role) => `create role ${pg.escapeIdentifier(role)} login noinherit nosuperuser nocreatedb nocreaterole`,
  );
  if (passwordOf === undefined) return create;
  const verifiers = await readVerifiers(client, roles);
  const set = await Promise.all(
    roles.map(async (role) => {
      const password = passwordOf(role);
      if (await isPassword(password, verifiers.get(role))) return [];
      // The verifier instead of the password, which would else stand in the server's log.
      return [`alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(await verifierOf(password))}`];
    }),
  );
  return [...create, ...set.flat()];
}

function databaseStatements(state: State, services: readonly string[]): readonly string[] {
  const owner = pg.escapeIdentifier(ownerRole);
  const database = pg.escapeIdentifier(state.database);
  const statements: string[] = [];
  // Who is no superuser gives something away only to roles that it belongs to.
  if (!state.isOwnerToo) statements.push(`grant ${owner} to current_user`);
  if (!state.ownerMayCreate) statements.push(`grant create, connect, temporary on database ${database} to ${owner}`);
  if (state.publicMayCreate) statements.push("revoke create on schema public from public");
  if (!state.schemas.includes("extensions")) {
    statements.push("create schema if not exists extensions", "grant usage on schema extensions to public");
  }
  for (const name of extensions) {
    if (!state.extensions.includes(name)) statements.push(`create extension if not exists ${name} schema extensions`);
  }
  for (const service of services) {
    if (state.schemas.includes(service)) continue;
    const schema = pg.escapeIdentifier(service);
    statements.push(
      `create schema if not exists ${schema}; alter schema ${schema} owner to ${owner};` +
        `grant usage on schema ${schema} to ${pg.escapeIdentifier(serviceRole(service))}`,
    );
  }
  return statements;
}

/** Roles belong to the whole server: who prepares another database at the same moment may be in the way for a moment. */
async function runUntilUndisturbed(client: pg.Client, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(statement);
      return;
    } catch (error) {
      const code = error instanceof pg.DatabaseError ? error.code : undefined;
      // duplicate_object: the other was first, and made the same.
      if (code === "42710" || code === "42P06") return;
      // unique_violation in a catalogue, "tuple concurrently updated", deadlock.
      if (attempt === 20 || !["23505", "XX000", "40P01"].includes(code ?? "")) throw error;
    }
    await delay(Math.random() * 10 * attempt);
  }
}

const derive = promisify(pbkdf2);
const iterations = 4096;

/** The stored form of a password (RFC 5803), as PostgreSQL makes it. */
async function verifierOf(password: string, salt: Buffer = randomBytes(16), rounds = iterations): Promise<string> {
  const salted = await derive(password.normalize("NFKC"), salt, rounds, 32, "sha256");
  const hmac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}

async function isPassword(password: string, verifier: string | undefined): Promise<boolean> {
  const parts = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? "");
  if (verifier === undefined || parts === null) return false;
  const same = await verifierOf(password, Buffer.from(parts[2] ?? "", "base64"), Number(parts[1]));
  return same.length === verifier.length && timingSafeEqual(Buffer.from(same), Buffer.from(verifier));
}

/** The stored passwords, as far as the administrator may see them; a managed database shows them to nobody. */
async function readVerifiers(client: pg.Client, roles: readonly string[]): Promise<ReadonlyMap<string, string>> {
  try {
    const { rows } = await client.query<{ rolname: string; rolpassword: string | null }>(
      "select rolname::text as rolname, rolpassword from pg_authid where rolname = any($1)",
      [roles],
    );
    return new Map(rows.flatMap(({ rolname, rolpassword }) => (rolpassword === null ? [] : [[rolname, rolpassword]])));
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === "42501") return new Map();
    throw error;
  }
}
