import { createServer } from "node:net";
import type { Ports } from "./environment.ts";
import { StandaloneError } from "./standalone-error.ts";

/** Refuses ports that somebody else has, before anything is started; 0 becomes one that is free now. */
export async function freePorts(wanted: Ports): Promise<Ports> {
  const found = Object.entries(wanted).map(async ([what, port]) => [what, await probe(what, port)] as const);
  const { gateway = 0, sandbox = 0, metrics = 0, smtp = 0 } = Object.fromEntries(await Promise.all(found));
  return { gateway, sandbox, metrics, smtp };
}

async function probe(what: string, port: number): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new StandaloneError(
      `port ${port} (${what}) is in use; --port N moves the gateway and the three ports after it`,
      { cause },
    );
  }
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === "object" && address !== null ? address.port : port;
}
