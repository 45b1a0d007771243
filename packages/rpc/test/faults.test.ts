import { fork } from "node:child_process";
import net from "node:net";
import type { Client } from "@connectrpc/connect";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Caller, type GrpcServer, type GrpcServerOptions, grpcCaller, reasonOf, serveGrpc } from "../src/index.ts";
import { type EchoState, echoFixture } from "./echo-service.ts";
import { all, errorOf, eventually } from "./eventually.ts";

const host = "127.0.0.1";
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Partial<GrpcServerOptions> = {}): Promise<GrpcServer & { readonly state: EchoState }> {
  const { state, mounted } = echoFixture();
  const server = await serveGrpc({ mounted: [mounted], port: 0, host, ...options });
  closers.push(() => server.close(0));
  return { ...server, state };
}

function call(ports: readonly number[], options: object = {}): Client<typeof EchoService> {
  const caller: Caller = grpcCaller({ addresses: ports.map((port) => `${host}:${port}`), ...options });
  closers.push(() => caller.close());
  return caller.client(EchoService);
}

const write = () => ({ text: "a", requestId: crypto.randomUUID() });

/** A port of its own before a server, where connections can be counted, frozen and cut. */
async function proxyTo(port: number) {
  const sockets = new Set<net.Socket>();
  let isFrozen = false;
  let connections = 0;
  const proxy = net.createServer((inbound) => {
    connections++;
    const outbound = net.connect(port, host);
    for (const socket of [inbound, outbound]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    inbound.on("data", (bytes) => isFrozen || outbound.write(bytes));
    outbound.on("data", (bytes) => isFrozen || inbound.write(bytes));
    inbound.on("close", () => outbound.destroy());
    outbound.on("close", () => inbound.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, host, resolve));
  const address = proxy.address();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  closers.push(() => {
    cut();
    proxy.close();
  });
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    freeze: () => {
      isFrozen = true;
    },
    cut,
    connections: () => connections,
  };
}

describe("a server that goes away", () => {
  test("given calls on it, when it is cut off, then they fail with UNAVAILABLE and the next ones reach it again", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.port);
    const client = call([proxy.port]);
    await client.echo({ text: "a" });
    const pending = errorOf(client.write({ ...write(), text: "hang" }, { timeoutMs: 5000 }));
    await eventually(() => expect(server.state.written).toBe(1));
    proxy.cut();
    expect(reasonOf(await pending)?.reason).toBe("UNAVAILABLE");
    await eventually(async () => {
      expect((await client.echo({ text: "back" })).text).toBe("back");
    });
  });

  test("given a stream on it, when it is cut off, then the stream fails with UNAVAILABLE", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.port);
    const client = call([proxy.port]);
    const error = await errorOf(
      (async () => {
        for await (const { number } of client.count({ upTo: 1_000_000 })) if (number === 10) proxy.cut();
      })(),
    );
    expect(reasonOf(error)?.reason).toBe("UNAVAILABLE");
    await eventually(() => expect(server.state.streamsEnded).toBe(1));
  });

  test("given nobody listens, when a call is made, then it fails with UNAVAILABLE at once, and works once somebody does", async () => {
    const first = await serve();
    const { port } = first;
    await first.close(0);
    const client = call([port]);
    expect(reasonOf(await errorOf(client.write(write(), { timeoutMs: 3000 })))?.reason).toBe("UNAVAILABLE");
    await serve({ port });
    await eventually(async () => {
      expect((await client.echo({ text: "here" })).text).toBe("here");
    });
  });

  test("given a process killed in the middle of a call, then the call fails with UNAVAILABLE", async () => {
    const child = fork(new URL("./killed-server.ts", import.meta.url), { execPath: process.execPath, execArgv: [] });
    closers.push(() => void child.kill("SIGKILL"));
    const port = await new Promise<number>((resolve) => child.once("message", (message) => resolve(Number(message))));
    const client = call([port]);
    await client.echo({ text: "a" });
    const pending = errorOf(
      client.echoSignedIn({ failWith: "HANG" }, { headers: { authorization: "Bearer user.anna" } }),
    );
    await client.echo({ text: "b" });
    child.kill("SIGKILL");
    expect(reasonOf(await pending)?.reason).toBe("UNAVAILABLE");
  });

  test("given two servers, when one is gone, then calls go on without an error", async () => {
    const [one, two] = [await serve(), await serve()];
    const client = call([one.port, two.port]);
    await eventually(async () => {
      await client.write(write());
      expect(Math.min(one.state.written, two.state.written)).toBeGreaterThan(0);
    });
    await one.close(1000);
    const before = two.state.written;
    await eventually(async () => {
      await client.write(write());
    });
    for (let i = 0; i < 20; i++) await client.write(write());
    expect(two.state.written).toBeGreaterThanOrEqual(before + 20);
  });

  test("given a frozen server, then a call on it ends within the keep-alive's time, well before its deadline", async () => {
    const server = await serve();
    const proxy = await proxyTo(server.port);
    const client = call([proxy.port], { keepaliveTimeMs: 300, keepaliveTimeoutMs: 300 });
    await client.echo({ text: "a" });
    proxy.freeze();
    const startMs = performance.now();
    expect(reasonOf(await errorOf(client.write(write(), { timeoutMs: 20_000 })))?.reason).toBe("UNAVAILABLE");
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

describe("GOAWAY", () => {
  test("given an idle connection that is asked to go, then nothing breaks and the next call takes a new one", async () => {
    const server = await serve({ maxConnectionAgeMs: 100, maxConnectionAgeGraceMs: 100 });
    const proxy = await proxyTo(server.port);
    const client = call([proxy.port]);
    await client.echo({ text: "a" });
    await eventually(async () => {
      expect((await client.echo({ text: "b" })).text).toBe("b");
      expect(proxy.connections()).toBeGreaterThan(2);
    });
  });

  test("given calls all the time, then none of them fails as connections come of age", async () => {
    const server = await serve({ maxConnectionAgeMs: 150, maxConnectionAgeGraceMs: 5000 });
    const client = call([server.port]);
    const untilMs = performance.now() + 1200;
    let count = 0;
    while (performance.now() < untilMs) {
      await client.write(write());
      count++;
    }
    expect(server.state.written).toBe(count);
  });
});

describe("repeating", () => {
  /** A server that takes connections and drops them, counting. */
  async function dropping() {
    const server = await serve();
    const proxy = await proxyTo(server.port);
    return { server, proxy, client: call([proxy.port], { timeoutMs: 5000 }) };
  }

  test("a read is repeated when its server goes away while it runs", async () => {
    const { server, proxy, client } = await dropping();
    await client.echo({ text: "a" });
    const pending = errorOf(client.echo({ failWith: "HANG" }, { timeoutMs: 3000 }));
    const before = proxy.connections();
    setTimeout(proxy.cut, 100);
    expect(reasonOf(await pending)?.reason).toMatch(/DEADLINE_EXCEEDED|UNAVAILABLE/);
    // It went out again over a new connection, where it hung once more.
    expect(proxy.connections()).toBeGreaterThan(before);
    await eventually(() => expect(server.state.aborted.length).toBeGreaterThanOrEqual(2));
  });

  test("a write that may have come through is not repeated", async () => {
    const { mounted, state } = echoFixture();
    const server = await serveGrpc({ mounted: [mounted], port: 0, host });
    closers.push(() => server.close(0));
    const proxy = await proxyTo(server.port);
    const client = call([proxy.port]);
    await client.echo({ text: "a" });
    // The answer is lost on its way back: nobody can know whether it was written.
    const pending = errorOf(client.write({ ...write(), text: "cut" }, { timeoutMs: 3000 }));
    state.onWrite = proxy.cut;
    expect(reasonOf(await pending)?.reason).toBe("UNAVAILABLE");
    await client.echo({ text: "still there" }, { timeoutMs: 5000 }).catch(() => undefined);
    expect(state.written).toBe(1);
  });
});

describe("closing", () => {
  test("lets calls end, takes no new ones, and ends streams so that their clients go elsewhere", async () => {
    const server = await serve();
    const client = call([server.port]);
    const stream = errorOf(all(client.count({ upTo: 999_999 })));
    await eventually(() => expect(server.state.produced).toBeGreaterThan(0));
    await server.close(5000);
    expect(reasonOf(await stream)?.reason).toBe("UNAVAILABLE");
  });
});
