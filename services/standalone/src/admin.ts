import { CommandLineError, readCommandLine } from "@dawr/config/command-line";
import { defaultDataDir } from "./flags.ts";

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

  --data DIR          where the platform keeps everything (${defaultDataDir})
  --database-url URL  the platform's PostgreSQL, when it was started with one
  --help              this
`;

try {
  process.stdout.write(await run(process.argv.slice(2)));
  process.exitCode = 0;
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`dawr: ${explain(error)}\n`);
  process.exitCode = error instanceof CommandLineError ? 2 : 1;
}

async function run(argv: readonly string[]): Promise<string> {
  const { values, positionals } = readCommandLine(
    {
      email: { type: "string" },
      name: { type: "string", default: "Administrator" },
      retire: { type: "boolean", default: false },
      data: { type: "string", default: defaultDataDir },
      "database-url": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
    { argv, env: process.env, allowPositionals: true },
  );
  if (values.help) return usage;
  const [command, ...others] = positionals;
  const database = { dataDir: values.data, databaseUrl: values["database-url"], given: process.env };
  if (others.length > 0) throw new CommandLineError(`${others[0]} is one word too many; --help tells more`);
  // Loaded only once it is needed: all services take a second or two.
  switch (command) {
    case "create-super-admin": {
      const { email, name: displayName } = values;
      if (email === undefined) throw new CommandLineError("create-super-admin needs --email ADDRESS");
      const { makeSuperAdmin } = await import("./make-super-admin.ts");
      return await makeSuperAdmin(database, { email, displayName });
    }
    case "rotate-keys": {
      const { changeKeys } = await import("./change-keys.ts");
      return await changeKeys(database, values.retire);
    }
    default:
      throw new CommandLineError("the commands are create-super-admin and rotate-keys; --help tells more");
  }
}

function explain(error: Error): string {
  const reasons: Readonly<Record<string, string>> = {
    PASSWORD_WEAK: "the password is easily guessed; choose a longer one",
    PASSWORD_LEAKED: "the password is known from a leak; choose another",
  };
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : "";
  return reasons[reason] ?? error.message.split("\n")[0] ?? error.name;
}
