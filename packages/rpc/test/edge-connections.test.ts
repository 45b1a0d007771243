import http2 from "node:http2";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type EdgeWorld, echoPath, envelope, openEdge } from "./edge-world.ts";
import { eventually } from "./eventually.ts";

let edge: EdgeWorld;
beforeAll(async () => {
  edge = await openEdge();
});
afterAll(() => edge.close());

describe("connections", () => {
  const connect = () =>
    new Promise<net.Socket>((resolve) => {
      const socket: net.Socket = net.connect(edge.port, "127.0.0.1", () => resolve(socket));
      socket.on("error", () => undefined);
    });
  const textOf = async (socket: net.Socket) => {
    let text = "";
    for await (const chunk of socket) text += chunk;
    return text;
  };

  test("a request that comes byte by byte is understood", async () => {
    const socket = await connect();
    socket.setNoDelay(true);
    const text = `POST ${echoPath} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    for (const byte of text.slice(0, 12)) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(text.slice(12));
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test("HTTP/2's preface in two parts is understood", async () => {
    const socket = await connect();
    socket.write("PRI * HTTP/2.0\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(Buffer.concat([Buffer.from("\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]));
    const [first] = await Promise.race([
      new Promise<[Buffer]>((resolve) => socket.once("data", (d: Buffer) => resolve([d]))),
    ]);
    // A frame of SETTINGS.
    expect(first[3]).toBe(4);
    socket.destroy();
  });

  test.each([
    ["rubbish", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"],
    ["half a request", "POST / HTT"],
    ["nothing", ""],
  ])("a connection that sends %s and leaves does no harm", async (_name, bytes) => {
    const socket = await connect();
    socket.end(bytes);
    await textOf(socket);
    expect((await edge.overHttp1({ headers: { "content-type": "application/json" }, body: "{}" })).status).toBe(200);
  });

  test("a reader over HTTP/1.1 that stops reading stops the writer", async () => {
    const before = edge.state.produced;
    const body = envelope(JSON.stringify({ upTo: 100_000, payloadBytes: 65_536 }));
    const socket = await connect();
    socket.pause();
    socket.write(
      `POST /dawr.testing.v1.EchoService/Count HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body);
    let last = -1;
    await eventually(async () => {
      const seen = edge.state.produced;
      const isStill = seen === last && seen > before;
      last = seen;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(isStill).toBe(true);
    });
    expect(edge.state.produced - before).toBeLessThan(1000);
    const ended = edge.state.streamsEnded;
    socket.destroy();
    await eventually(() => expect(edge.state.streamsEnded).toBe(ended + 1));
  });

  test("an HTTP/2 client that resets its stream in the middle cancels the call", async () => {
    const before = edge.state.aborted.length;
    const session = http2.connect(`http://127.0.0.1:${edge.port}`);
    const stream = session.request({ ":method": "POST", ":path": echoPath, "content-type": "application/json" });
    stream.on("error", () => undefined);
    stream.end('{"failWith":"HANG"}');
    await new Promise((resolve) => setTimeout(resolve, 50));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await eventually(() => expect(edge.state.aborted.length).toBe(before + 1));
    session.destroy();
  });
});
