import { randomUUIDv7 } from "node:crypto";
import { parseArgs } from "node:util";
import { createSuperAdmin, promoteToSuperAdmin } from "@dawr/identity/admin";
import { exitCodes } from "@dawr/runtime";
import { openKeyRing } from "@dawr/store";
import { askPassword } from "./ask-password.ts";
import { openRotation } from "./open-rotation.ts";
import { retireKeys, rotateKeys } from "./rotate-keys.ts";
import { StandaloneError } from "./standalone-error.ts";
import { requireTable, visitDatabase } from "./visit-database.ts";

const usage = `npm run admin -- COMMAND [flags]

create-super-admin --email ADDRESS
  Makes the account of a super-admin, or makes one of the account that the address has. The password of a new account is
  asked for on the terminal, or taken from DAWR_ADMIN_PASSWORD.

  --email ADDRESS     the address to log in with
  --name NAME         what the person is called (Administrator)

rotate-keys
  Adds a key to the file of the keys that encrypt personal data, and encrypts everything anew under it; older keys stay in
  the file. What an interrupted run has left is done first, without a further key.

  --retire            add no key; encrypt what is left under older ones, and take those out of the file

Both work whether or not the platform is running.

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
  const database = { dataDir: values.data, databaseUrl: values["database-url"], given: process.env };
  if (others.length > 0) throw new UsageError(`${others[0]} is one word too many; --help tells more`);
  switch (command) {
    case "create-super-admin":
      return await makeSuperAdmin(database, values.email, values.name);
    case "rotate-keys":
      return await changeKeys(database, values.retire);
    default:
      throw new UsageError("the commands are create-super-admin and rotate-keys; --help tells more");
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        email: { type: "string" },
        name: { type: "string", default: "Administrator" },
        retire: { type: "boolean", default: false },
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

type Database = Parameters<typeof visitDatabase>[0];

async function makeSuperAdmin(database: Database, email: string | undefined, displayName: string): Promise<string> {
  if (email === undefined) throw new UsageError("create-super-admin needs --email");
  return await visitDatabase(database, async ({ env, keyFile, storeOf }) => {
    const store = await storeOf("identity");
    await requireTable(store, "account");
    const keys = await openKeyRing(keyFile);
    const deps = { store, keys, now: () => Temporal.Now.instant(), newId: randomUUIDv7, env };
    const known = await promoteToSuperAdmin(deps, email);
    if (known !== undefined) return `${known} is a super-admin now, with the password that it had.\n`;
    const password = process.env.DAWR_ADMIN_PASSWORD ?? (await askPassword());
    const made = await createSuperAdmin(deps, { email, password, displayName });
    return `${made} is a super-admin; log in as ${email}.\n`;
  });
}

async function changeKeys(database: Database, retire: boolean): Promise<string> {
  const stop = new AbortController();
  let stoppedMs = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive twice, through the terminal and through npm.
      if (performance.now() - stoppedMs > 1_000) process.exit(exitCodes.failed);
      stoppedMs = Math.min(stoppedMs, performance.now());
      stop.abort(new StandaloneError("stopped; the next rotate-keys goes on from here"));
    });
  }
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  return await visitDatabase(database, async (visit) => {
    const { rotation, close } = await openRotation(visit, { signal: stop.signal, tell });
    try {
      return `${await (retire ? retireKeys(rotation) : rotateKeys(rotation))}\n`;
    } finally {
      await close();
    }
  });
}

function explain(error: Error): string {
  const reasons: Readonly<Record<string, string>> = {
    PASSWORD_WEAK: "the password is easily guessed; choose a longer one",
    PASSWORD_LEAKED: "the password is known from a leak; choose another",
  };
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : "";
  return reasons[reason] ?? error.message.split("\n")[0] ?? error.name;
}
