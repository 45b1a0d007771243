import http from "node:http";
import http2 from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { type ErrorInfo, ErrorInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "@dawr/gen/google/rpc/status_pb.js";
import { type HttpRequest, serveEdge } from "../src/index.ts";
import { type EchoState, echoFixture } from "./echo-service.ts";

/** What came back. */
export type Answer = {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly trailers: Record<string, string>;
};
/** What is sent, a POST of the echo method unless told. */
export type Ask = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array | string;
};

/** Sends something and answers what came back. */
type Send = (ask: Ask) => Promise<Answer>;

/** The edge with the echo service and a few plain routes behind it. */
export type EdgeWorld = {
  readonly port: number;
  readonly state: EchoState;
  /** What the plain route was given. */
  readonly requests: HttpRequest[];
  readonly overHttp1: Send;
  readonly overHttp2: Send;
  close(): Promise<void>;
};

export const echoPath = "/dawr.testing.v1.EchoService/Echo";
const maxBodyBytes = 100_000;
/** A text that is larger than a body may be. */
export const large = "x".repeat(maxBodyBytes + 1);

/** Starts it. */
export async function openEdge(): Promise<EdgeWorld> {
  const requests: HttpRequest[] = [];
  const { state, mounted } = echoFixture();
  const server = await serveEdge({
    mounted: [mounted],
    port: 0,
    host: "127.0.0.1",
    maxBodyBytes,
    trustedProxies: 1,
    cors: { origins: ["https://app.example"] },
    log: { error: (fields, message) => state.logged.push({ fields, message }) },
    hooks: { onRequest: ({ path }, setHeader) => path.endsWith("/Write") && setHeader("deprecation", "true") },
    http: [
      {
        method: "POST",
        path: "/webhooks/{gateway}",
        handle(request) {
          requests.push(request);
          return { status: 202, headers: { "content-type": "text/plain" }, body: `took ${request.params.gateway}` };
        },
      },
      { method: "GET", path: "/breaks", handle: () => Promise.reject(new Error("secret")) },
    ],
  });
  const { port } = server;
  return {
    port,
    state,
    requests,
    overHttp1: (ask) => overHttp1(port, ask),
    overHttp2: (ask) => overHttp2(port, ask),
    close: () => server.close(0),
  };
}

/** A message of a stream, as all protocols but plain Connect frame it. */
export function envelope(message: Uint8Array | string, flags = 0): Buffer {
  const bytes = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export type Told = { readonly code: string | number | undefined; readonly reason: string | undefined };

/** What an answer says by machine, in whichever protocol it is. */
export function told(answer: Answer): Told {
  const { code, info } = refusalIn(answer);
  return { code, reason: info?.reason };
}

/** The variable parts of a refusal. */
export function metadataIn(answer: Answer): Readonly<Record<string, string>> | undefined {
  return refusalIn(answer).info?.metadata;
}

type Refusal = { readonly code: string | number | undefined; readonly info: ErrorInfo | undefined };

function refusalIn({ headers, body, trailers }: Answer): Refusal {
  const type = headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) {
    const at = body.lastIndexOf(Buffer.from([0x80]));
    const text = headers["grpc-status"] === undefined ? body.subarray(at + 5).toString() : "";
    const lines = text.split("\r\n").map((line) => line.split(": ", 2));
    return grpcTold({ ...headers, ...Object.fromEntries(lines) });
  }
  if (type.startsWith("application/grpc")) return grpcTold({ ...headers, ...trailers });
  const json = type.startsWith("application/connect+")
    ? JSON.parse(body.subarray(5).toString()).error
    : JSON.parse(body.toString());
  const info = json.details?.find((d: { type: string }) => d.type === "google.rpc.ErrorInfo");
  return { code: json.code, info: info && fromBinary(ErrorInfoSchema, base64Decode(info.value)) };
}

function grpcTold(headers: Record<string, string>): Refusal {
  const packed = headers["grpc-status-details-bin"];
  const status = packed === undefined ? undefined : fromBinary(StatusSchema, base64Decode(packed));
  const info = status?.details.find((d) => d.typeUrl.endsWith("google.rpc.ErrorInfo"));
  return { code: Number(headers["grpc-status"]), info: info && fromBinary(ErrorInfoSchema, info.value) };
}

const strings = (headers: object) => Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, String(v)]));

async function overHttp1(port: number, { method = "POST", path = echoPath, headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: strings(response.headers),
          body: Buffer.concat(chunks),
          trailers: strings(response.trailers),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function overHttp2(port: number, { method = "POST", path = echoPath, headers = {}, body }: Ask): Promise<Answer> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ":method": method, ":path": path, ...headers });
      let status = 0;
      let received: Record<string, string> = {};
      let trailers: Record<string, string> = {};
      const chunks: Buffer[] = [];
      stream.on("response", (head) => {
        status = Number(head[":status"]);
        received = strings(head);
      });
      stream.on("trailers", (trailer) => {
        trailers = strings(trailer);
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => resolve({ status, headers: received, body: Buffer.concat(chunks), trailers }));
      stream.on("error", reject);
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}
