import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { grpcCaller, inMemoryTransport, memoryCaller, serveEdge, serveGrpc } from "../src/index.ts";
import { type EchoState, echoFixture } from "./echo-service.ts";

/** The test service, reached in one of the ways of calling. */
export type Reached = {
  readonly client: Client<typeof EchoService>;
  readonly state: EchoState;
  close(): Promise<void>;
};

export type Way = {
  readonly name: string;
  /** HTTP/1.1 has no streams in both directions. */
  readonly hasBidi: boolean;
  /** True when messages are carried as bytes over a socket. */
  readonly isRemote: boolean;
  /** The size of a large message; what is sent in a URL has to be small. */
  readonly maxBytes: number;
  open(): Promise<Reached>;
};

const large = 3_000_000;

function edgeWay(name: string, hasBidi: boolean, transportTo: (baseUrl: string) => Transport, maxBytes = large): Way {
  return {
    name,
    hasBidi,
    isRemote: true,
    maxBytes,
    async open() {
      const { state, mounted } = echoFixture();
      const log = { error: (fields: object, message: string) => state.logged.push({ fields, message }) };
      const server = await serveEdge({ mounted: [mounted], port: 0, host: "127.0.0.1", log });
      const client = createClient(EchoService, transportTo(`http://127.0.0.1:${server.port}`));
      return { client, state, close: () => server.close(0) };
    },
  };
}

/** Every way in which a guarded service can be called. */
export const ways: readonly Way[] = [
  {
    name: "in memory",
    hasBidi: true,
    isRemote: false,
    maxBytes: large,
    async open() {
      const { state, mounted } = echoFixture();
      const caller = memoryCaller(() => [mounted]);
      return { client: caller.client(EchoService), state, close: async () => caller.close() };
    },
  },
  {
    name: "in memory, as a Connect transport",
    hasBidi: true,
    isRemote: false,
    maxBytes: large,
    async open() {
      const { state, mounted } = echoFixture();
      return { client: createClient(EchoService, inMemoryTransport([mounted])), state, close: async () => undefined };
    },
  },
  {
    name: "grpc-js",
    hasBidi: true,
    isRemote: true,
    maxBytes: large,
    async open() {
      const { state, mounted } = echoFixture();
      const server = await serveGrpc({ mounted: [mounted], port: 0, host: "127.0.0.1" });
      const caller = grpcCaller({ addresses: [`127.0.0.1:${server.port}`] });
      return {
        client: caller.client(EchoService),
        state,
        async close() {
          caller.close();
          await server.close(0);
        },
      };
    },
  },
  edgeWay("edge: Connect, JSON, HTTP/1.1", false, (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  ),
  edgeWay("edge: Connect, binary, HTTP/2", true, (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })),
  edgeWay(
    "edge: Connect with GET, HTTP/2",
    true,
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useHttpGet: true }),
    5000,
  ),
  edgeWay("edge: gRPC-Web, HTTP/1.1", false, (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  edgeWay("edge: gRPC, HTTP/2", true, (baseUrl) => createGrpcTransport({ baseUrl })),
];
