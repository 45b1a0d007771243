import http from "node:http";
import http2 from "node:http2";
import type net from "node:net";

/** Looks at an HTTP/2 request first; false leaves it to the listener of both protocols. */
export type StreamListener = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => boolean;

export type Listener = (
  request: http.IncomingMessage | http2.Http2ServerRequest,
  response: http.ServerResponse | http2.Http2ServerResponse,
) => void;

/** One plain-text port that speaks HTTP/1.1 and HTTP/2. */
export type TwinServer = {
  listen(port: number, host: string | undefined): Promise<number>;
  /** Takes no new connections, asks open ones to go, and cuts those that are still there after the given time. */
  close(graceMs: number): Promise<void>;
};

// HTTP/2 over plain text begins with this (RFC 9113, 3.4); no HTTP/1.1 request can.
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const firstBytesTimeoutMs = 10_000;
const maxHeaderSize = 16 * 1024;

/** Makes a server that tells the two protocols apart by a connection's first bytes. */
export function twinServer(listener: Listener, onStream: StreamListener): TwinServer {
  const http1 = http.createServer({ maxHeaderSize, requestTimeout: 120_000, headersTimeout: 15_000 }, listener);
  const http2Server = http2.createServer({
    maxHeaderListPairs: 200,
    settings: { maxHeaderListSize: maxHeaderSize, maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
  });
  http2Server.on("stream", (opened, headers, _flags, rawHeaders) => {
    // Node's types leave open which side's stream it is.
    const stream = opened as http2.ServerHttp2Stream;
    if (onStream(stream, headers)) return;
    listener(new http2.Http2ServerRequest(stream, headers, {}, rawHeaders), new http2.Http2ServerResponse(stream));
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  const sockets = new Set<net.Socket>();
  http2Server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    // A broken connection is the client's affair; without a listener it would end the process.
    session.on("error", () => undefined);
  });
  http2Server.on("sessionError", () => undefined);
  http1.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else socket.destroy();
  });

  // The HTTP/1.1 server owns the port, so that its own limits and closing work; what it does with a new connection
  // waits until the first bytes have been seen.
  const [serveHttp1] = http1.listeners("connection");
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    sniff(socket, (isHttp2) => {
      if (isHttp2) http2Server.emit("connection", socket);
      else serveHttp1?.call(http1, socket);
    });
  });

  return {
    listen(port, host) {
      return new Promise((resolve, reject) => {
        http1.once("error", reject);
        http1.listen(port, host, () => {
          http1.off("error", reject);
          const address = http1.address();
          resolve(typeof address === "object" && address !== null ? address.port : port);
        });
      });
    },
    close(graceMs) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const session of sessions) session.destroy();
          for (const socket of sockets) socket.destroy();
        }, graceMs);
        // A connection whose last answer comes later would be kept alive for seconds after it.
        const sweep = setInterval(() => http1.closeIdleConnections(), 50);
        http1.close(() => {
          clearTimeout(timer);
          clearInterval(sweep);
          resolve();
        });
        http1.closeIdleConnections();
        for (const session of sessions) session.close();
      });
    },
  };
}

function sniff(socket: net.Socket, done: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const quit = () => socket.destroy();
  const timer = setTimeout(quit, firstBytesTimeoutMs);
  // Reading by "data" would leave the socket in a mode in which the servers lose what is put back.
  const look = () => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const isAlike = seen.subarray(0, length).equals(preface.subarray(0, length));
    if (isAlike && length < preface.length) return;
    clearTimeout(timer);
    socket.off("readable", look);
    socket.off("error", quit);
    socket.off("end", quit);
    socket.unshift(seen);
    done(isAlike);
  };
  socket.on("readable", look);
  socket.on("error", quit);
  socket.on("end", quit);
  socket.once("close", () => clearTimeout(timer));
}
