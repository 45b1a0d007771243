import { createServer } from "node:net";
import type { Ports } from "./environment.ts";
import { StandaloneError } from "./standalone-error.ts";

/** Refuses ports that cannot be had, before anything is started; 0 becomes one that is free now. */
export async function freePorts(wanted: Ports): Promise<Ports> {
  const found = Object.entries(wanted).map(async ([what, port]) => [what, await probe(what, port)] as const);
  const { gateway = 0, sandbox = 0, metrics = 0, smtp = 0 } = Object.fromEntries(await Promise.all(found));
  return { gateway, sandbox, metrics, smtp };
}

/** Tells why a port cannot be opened, from the system's code, in one line. */
export function portProblem(what: string, port: number, code: string | undefined): string {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "is in use",
    EACCES: "is not permitted to this user, as those below 1024 seldom are",
  };
  const reason = reasons[code ?? ""] ?? `cannot be opened: ${code ?? "no reason given"}`;
  return `port ${port} (${what}) ${reason}; --port N moves the gateway and the three ports after it`;
}

async function probe(what: string, port: number): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, resolve);
  try {
    await promise;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
    throw new StandaloneError(portProblem(what, port, code), { cause });
  }
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address !== null ? address.port : port;
}
