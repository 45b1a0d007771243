import { randomUUIDv7 } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type AdminDeps, createSuperAdmin, promoteToSuperAdmin } from "@dawr/identity/admin";
import { exitCodes } from "@dawr/runtime";
import { openKeyRing, openStore } from "@dawr/store";
import { createLogger } from "@dawr/telemetry";
import { askPassword } from "./ask-password.ts";
import { type DataFolder, openDataFolder, visitDataFolder } from "./data-folder.ts";
import { environmentOf, portsFrom } from "./environment.ts";
import { startEmbeddedPostgres } from "./postgres/embedded.ts";
import { StandaloneError } from "./standalone-error.ts";

const usage = `npm run admin -- create-super-admin --email ADDRESS [flags]

Makes the account of a super-admin, or makes one of the account that the address has. The password of a new account is asked
for on the terminal, or taken from DAWR_ADMIN_PASSWORD. Works whether or not the platform is running.

  --email ADDRESS     the address to log in with
  --name NAME         what the person is called (Administrator)
  --data DIR          where the platform keeps everything (.dawr)
  --database-url URL  the platform's PostgreSQL, when it was started with one
  --help              this
`;

class UsageError extends StandaloneError {}

try {
  process.stdout.write(await run(process.argv.slice(2)));
  process.exitCode = exitCodes.clean;
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`dawr: ${explain(error)}\n`);
  process.exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

async function run(argv: readonly string[]): Promise<string> {
  const { values, positionals } = readArguments(argv);
  if (values.help) return usage;
  const [command, ...others] = positionals;
  if (command !== "create-super-admin" || others.length > 0)
    throw new UsageError("the only command is create-super-admin; --help tells more");
  const { email, name: displayName } = values;
  if (email === undefined) throw new UsageError("create-super-admin needs --email");
  return await withIdentity(values.data, values["database-url"], async (deps) => {
    const known = await promoteToSuperAdmin(deps, email);
    if (known !== undefined) return `${known} is a super-admin now, with the password that it had.\n`;
    const password = process.env.DAWR_ADMIN_PASSWORD ?? (await askPassword());
    const made = await createSuperAdmin(deps, { email, password, displayName });
    return `${made} is a super-admin; log in as ${email}.\n`;
  });
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        email: { type: "string" },
        name: { type: "string", default: "Administrator" },
        data: { type: "string", default: ".dawr" },
        "database-url": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    throw new UsageError(`${cause instanceof Error ? cause.message.split(". ")[0] : cause}; --help lists the flags`, {
      cause,
    });
  }
}

/** Does work on identity's database: that of the platform that runs, or one started for the moment. */
async function withIdentity<T>(
  path: string,
  databaseUrl: string | undefined,
  work: (deps: AdminDeps) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(path, "keys")))
    throw new StandaloneError(`there is no platform in ${path} yet: npm start makes one`);
  const running = await visitDataFolder(path);
  // Nobody may start or stop the platform under our hands, so that without one we are the folder's holder.
  const folder = running ?? (await openDataFolder(path, false));
  try {
    if (databaseUrl !== undefined) return await onDatabase(folder, databaseUrl, work);
    const postgres = await startEmbeddedPostgres(folder.postgres);
    try {
      return await onDatabase(folder, postgres.adminUrl, work);
    } finally {
      if (!postgres.wasAdopted) await postgres.stop();
    }
  } finally {
    await folder.release();
  }
}

async function onDatabase<T>(folder: DataFolder, adminUrl: string, work: (deps: AdminDeps) => Promise<T>): Promise<T> {
  const { env, services } = environmentOf({
    folder,
    ports: portsFrom(0),
    adminUrl,
    logLevel: "error",
    schemas: ["identity"],
    given: process.env,
  });
  const now = () => Temporal.Now.instant();
  const store = await openStore({
    url: services.identity?.DATABASE_URL ?? "",
    schema: "identity",
    maxConnections: 1,
    now,
    log: createLogger({ service: "admin", level: "error" }),
  });
  try {
    await requireMigrated(store);
    const keys = await openKeyRing(folder.keyFile);
    return await work({ store, keys, now, newId: randomUUIDv7, env });
  } finally {
    await store.close();
  }
}

async function requireMigrated(store: AdminDeps["store"]): Promise<void> {
  const [row] = await store
    .read((tx) => tx.query<{ found: boolean }>("select to_regclass('account') is not null as found"))
    .catch((cause: unknown) => {
      throw new StandaloneError("the platform's database cannot be used; start the platform once with npm start", {
        cause,
      });
    });
  if (row?.found !== true) throw new StandaloneError("the database is empty; start the platform once with npm start");
}

function explain(error: Error): string {
  const reasons: Readonly<Record<string, string>> = {
    PASSWORD_WEAK: "the password is easily guessed; choose a longer one",
    PASSWORD_LEAKED: "the password is known from a leak; choose another",
  };
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : "";
  return reasons[reason] ?? error.message.split("\n")[0] ?? error.name;
}
