import { Agent } from "node:http";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

/** Where a platform is reached by people. */
export type Urls = { readonly gateway: string; readonly sandbox: string };

/** Somebody who calls the gateway: their token, and the language that they want to be answered in. */
export type Session = { readonly accessToken?: string; readonly locale?: "ar" | "en" };

/** Makes a typed client of a public service through the gateway, as an app would. */
export function publicClient<S extends DescService>(urls: Urls, service: S, session: Session = {}): Client<S> {
  const identify: Interceptor = (next) => async (request) => {
    if (session.accessToken !== undefined) request.header.set("authorization", `Bearer ${session.accessToken}`);
    request.header.set("accept-language", session.locale ?? "en");
    return await next(request);
  };
  // HTTP/1.1: an idle HTTP/2 connection that the server ends brings this client down.
  const transport = createConnectTransport({
    baseUrl: urls.gateway,
    httpVersion: "1.1",
    interceptors: [identify],
    nodeOptions: { agent: agentOf(urls.gateway) },
  });
  return createClient(service, transport);
}

const agents = new Map<string, Agent>();

function agentOf(url: string): Agent {
  let agent = agents.get(url);
  if (agent === undefined) {
    agent = new Agent({ keepAlive: true, maxSockets: 64 });
    agents.set(url, agent);
  }
  return agent;
}
