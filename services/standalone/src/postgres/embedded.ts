import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { StandaloneError } from "../standalone-error.ts";
import { type Binaries, findBinaries, postgresUser, type RunAs } from "./binaries.ts";
import { runApart } from "./run-apart.ts";

/** A PostgreSQL that serves a data folder. */
export type EmbeddedPostgres = {
  /** As the superuser: through a socket file in the folder where that can be, else on the loopback address. */
  readonly adminUrl: string;
  readonly wasAdopted: boolean;
  /** Ends sessions, writes everything down and stops. */
  stop(): Promise<void>;
};

/**
 * Starts PostgreSQL on a data folder, making the folder first when it is new. A server that a killed process of ours left
 * running on it is adopted. It runs in a session of its own, so that Ctrl-C reaches us alone and we can drain first.
 */
export async function startEmbeddedPostgres(folder: string): Promise<EmbeddedPostgres> {
  const data = join(folder, "data");
  const passwordFile = join(folder, "superuser-password");
  const runAs = await postgresUser();
  const binaries = await findBinaries();
  await ownedFolder(folder, runAs);
  if (!existsSync(join(data, "PG_VERSION"))) await initialise(binaries, runAs, data, passwordFile);
  const password = (await readFile(passwordFile, "utf8")).trim();

  const running = await findRunning(data, password);
  const port = running ?? (await start(binaries, runAs, folder, data));
  return {
    adminUrl: existsSync(socketIn(folder, port)) ? localUrlOf(port, password, folder) : urlOf(port, password),
    wasAdopted: running !== undefined,
    stop: async () => {
      await runApart(binaries.pg_ctl, ["stop", "-D", data, "-m", "fast", "-w", "-t", "20"], runAs, folder);
    },
  };
}

async function ownedFolder(folder: string, runAs: RunAs): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(folder, runAs.uid, runAs.gid);
  } catch (cause) {
    throw new StandaloneError(`cannot write the data folder ${folder}`, { cause });
  }
}

async function initialise(binaries: Binaries, runAs: RunAs, data: string, passwordFile: string): Promise<void> {
  // A first start that was killed left half a cluster behind, which is worth nothing.
  await rm(data, { recursive: true, force: true });
  await writeFile(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(passwordFile, runAs.uid, runAs.gid);
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const flags = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--encoding=UTF8"];
  try {
    const args = [`--pgdata=${unfinished}`, "--locale=C.UTF-8", "--no-sync", ...flags];
    await runApart(binaries.initdb, args, runAs, join(data, ".."));
  } catch (cause) {
    throw new StandaloneError(explain(cause, data), { cause });
  }
  await rename(unfinished, data);
}

/** The port of the server that already runs on this folder; undefined when there is none. */
async function findRunning(data: string, password: string): Promise<number | undefined> {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const port = Number(lines[3]);
  if (!Number.isInteger(port) || port <= 0) return undefined;
  const client = new pg.Client({ connectionString: urlOf(port, password) });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]?.data_directory === data ? port : undefined;
  } catch {
    // Whatever the file names is gone, or is not ours: PostgreSQL itself refuses to start twice on one folder.
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function start(binaries: Binaries, runAs: RunAs, folder: string, data: string): Promise<number> {
  const log = join(folder, "postgres.log");
  await (await open(log, "a")).close();
  if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(log, runAs.uid, runAs.gid);
  // A killed server leaves its socket file behind, and each start has a port of its own.
  for (const name of await readdir(folder))
    if (name.startsWith(".s.PGSQL.")) await rm(join(folder, name), { force: true });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const sockets = mayHaveSockets(folder) ? folder : "''";
    const options = Object.entries({ ...settings, unix_socket_directories: sockets, port: String(port) }).map(
      ([name, value]) => `-c ${name}=${value}`,
    );
    const args = ["start", "-D", data, "-l", log, "-w", "-t", "30", "-o", options.join(" ")];
    try {
      await runApart(binaries.pg_ctl, args, runAs, folder);
      return port;
    } catch (cause) {
      // Somebody may have taken the port between our asking and PostgreSQL's binding.
      const tail = (await readFile(log, "utf8")).trim().split("\n").slice(-5).join("\n");
      if (attempt < 3 && tail.includes("could not bind")) continue;
      throw new StandaloneError(`PostgreSQL did not start; its log is ${log}`, { cause });
    }
  }
}

const settings = {
  listen_addresses: "127.0.0.1",
  max_connections: "200",
  shared_buffers: "128MB",
  jit: "off",
  // One machine's own disk: many small commits share a flush.
  commit_delay: "200",
  commit_siblings: "4",
} as const;

function urlOf(port: number, password: string): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/** The same through the socket file: a round trip costs half of one over TCP. */
function localUrlOf(port: number, password: string, folder: string): string {
  return `${urlOf(port, password)}?host=${encodeURIComponent(folder)}`;
}

const socketIn = (folder: string, port: number): string => join(folder, `.s.PGSQL.${port}`);

/** The path of a socket has a limit (104 bytes on macOS), and goes through a shell and a list of settings on its way. */
function mayHaveSockets(folder: string): boolean {
  return process.platform !== "win32" && Buffer.byteLength(socketIn(folder, 65_535)) < 104 && /^[\w./-]+$/.test(folder);
}

function explain(cause: unknown, data: string): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/permission denied/i.test(text) || /EACCES/.test(text)) {
    return `PostgreSQL cannot enter ${data}: as root, it runs as the user postgres, who needs every folder above to be enterable`;
  }
  return `PostgreSQL could not make its data folder: ${text.trim().split("\n").at(-1) ?? "no reason given"}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
