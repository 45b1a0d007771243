import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { TestSchema } from "./test-schema.ts";

/** What a proxy does with what comes; false keeps it from going on. */
export type ProxyRules = {
  readonly toServer?: (bytes: Buffer, client: Socket) => boolean;
  readonly toClient?: (bytes: Buffer, client: Socket) => boolean;
};

/** Puts a proxy before a schema's server, to lose what a network loses. */
export async function proxyTo(
  schema: Pick<TestSchema, "url">,
  { toServer = () => true, toClient = () => true }: ProxyRules,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const target = new URL(schema.url);
  const folder = target.searchParams.get("host");
  const port = Number(target.port);
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server =
      folder === null ? connect(port, target.hostname) : connect({ path: `${folder}/.s.PGSQL.${target.port}` });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
    client.on("data", (bytes) => void (toServer(Buffer.from(bytes), client) && server.write(bytes)));
    server.on("data", (bytes) => void (toClient(Buffer.from(bytes), client) && client.write(bytes)));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  const url = new URL(schema.url);
  url.searchParams.delete("host");
  url.hostname = "127.0.0.1";
  url.port = String(typeof address === "object" ? address?.port : 0);
  return {
    url: url.href,
    close: () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}
