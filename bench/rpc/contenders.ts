import { randomBytes } from "node:crypto";
import http2 from "node:http2";
import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import {
  type EchoRequest,
  EchoRequestSchema,
  type EchoResponse,
  EchoResponseSchema,
  EchoService,
} from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { forward, grpcCaller, guard, memoryCaller, serveEdge, serveGrpc } from "@dawr/rpc";
import * as grpc from "@grpc/grpc-js";
import { echo, echoPlatform, log, signedToken } from "./echo.ts";
import { rawDefinition } from "./raw-grpc.ts";

/** One way of making the same call. */
export type Contender = { readonly name: string; readonly call: () => Promise<EchoResponse> };
export type ContenderName = "rawGrpc" | "grpc" | "memory" | "bareConnect" | "gateway";
export type Contenders = { readonly by: Readonly<Record<ContenderName, Contender>>; close(): Promise<void> };

const host = "127.0.0.1";
const message = { text: "a text of the usual length, as a name or a note has it", number: 7 };

/**
 * Starts every server, and makes a client for each, all in this process: what is compared is the work of a call, not
 * how many cores happen to be free for its parts.
 */
export async function startContenders(): Promise<Contenders> {
  const { userToken, publicJwk } = await signedToken();
  const { mounted, auth, workloads } = await echoPlatform(randomBytes(32), publicJwk);
  const options = { headers: { authorization: `Bearer ${userToken}` } };

  const rawServer = await serveRawGrpc();
  const raw = new grpc.Client(`${host}:${rawServer.port}`, grpc.credentials.createInsecure());

  const server = await serveGrpc({ mounted: [mounted], port: 0, host });
  const callerOf = (service: string) =>
    grpcCaller({ addresses: [`${host}:${server.port}`], workloadToken: () => workloads.token(service) });
  const caller = callerOf("bench");
  const overGrpc = caller.client(EchoService);
  const inMemory = memoryCaller(() => [mounted], { workload: "bench" }).client(EchoService);

  const bareServer = await serveBareConnect();
  const bare = connectClient(bareServer.port);

  const gatewayCaller = callerOf("gateway");
  const implementations = [forward(EchoService, gatewayCaller.client(EchoService))];
  const door = guard({ service: "gateway", errors: [], log, auth, implementations, doorOnly: true });
  const edge = await serveEdge({ mounted: [door], port: 0, host, log });
  const gateway = connectClient(edge.port);

  return {
    by: {
      rawGrpc: { name: "raw grpc-js", call: () => rawCall(raw) },
      grpc: { name: "packages/rpc over grpc-js", call: () => overGrpc.echo(message, options) },
      memory: { name: "packages/rpc in memory", call: () => inMemory.echo(message, options) },
      bareConnect: { name: "bare connect-node", call: () => bare.echo(message, options) },
      gateway: { name: "gateway, then grpc-js", call: () => gateway.echo(message, options) },
    },
    async close() {
      raw.close();
      caller.close();
      gatewayCaller.close();
      await Promise.all([edge.close(0), server.close(0)]);
      rawServer.close();
      bareServer.close();
    },
  };
}

function connectClient(port: number) {
  return createClient(EchoService, createConnectTransport({ baseUrl: `http://${host}:${port}`, httpVersion: "2" }));
}

function rawCall(client: grpc.Client): Promise<EchoResponse> {
  const { path, requestSerialize, responseDeserialize } = rawDefinition;
  return new Promise((resolve, reject) => {
    const request = create(EchoRequestSchema, message);
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      if (error !== null || response === undefined) reject(error);
      else resolve(response);
    });
  });
}

function serveRawGrpc(): Promise<{ readonly port: number; close(): void }> {
  const server = new grpc.Server();
  const handler: grpc.handleUnaryCall<EchoRequest, EchoResponse> = (call, callback) =>
    callback(null, create(EchoResponseSchema, echo(call.request)));
  server.addService({ echo: rawDefinition }, { echo: handler });
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:0`, grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve({ port, close: () => server.forceShutdown() }) : reject(error),
    );
  });
}

function serveBareConnect(): Promise<{ readonly port: number; close(): void }> {
  const server = http2.createServer(
    connectNodeAdapter({ routes: (router) => void router.service(EchoService, { echo }) }),
  );
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => server.close() });
    });
  });
}
