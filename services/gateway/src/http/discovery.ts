import type { Client } from "@connectrpc/connect";
import type { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import type { HttpRoute } from "@dawr/rpc";

/** The public keys of access tokens, for whoever checks them (RFC 7517). (ID-04) */
export function keysRoute(keys: Client<typeof KeyService>): HttpRoute {
  return {
    method: "GET",
    path: "/.well-known/jwks.json",
    handle: async ({ signal }) => {
      const answer = await keys.listSigningKeys({}, { signal });
      const body = JSON.stringify({ keys: answer.keys.map(({ jwk }): unknown => JSON.parse(jwk)) });
      return {
        status: 200,
        body,
        headers: { "content-type": "application/json", "cache-control": "public, max-age=300" },
      };
    },
  };
}

/** Says that the door is open; whether what is behind it works is told by readiness. */
export const aliveRoute: HttpRoute = {
  method: "GET",
  path: "/healthz",
  handle: () => ({ status: 200, body: "ok\n", headers: { "content-type": "text/plain" } }),
};

/** What somebody sees who opens the gateway in a browser. */
export function welcomeRoute(services: readonly string[]): HttpRoute {
  const body = `Dawr\n\nConnect, gRPC-Web, gRPC and JSON over HTTP, on this port:\n${services.map((name) => `  /${name}/`).join("\n")}\n\nKeys: /.well-known/jwks.json\n`;
  return {
    method: "GET",
    path: "/",
    handle: () => ({ status: 200, body, headers: { "content-type": "text/plain; charset=utf-8" } }),
  };
}
