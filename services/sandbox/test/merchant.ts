import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiBody } from "./start-sandbox.ts";

/** A webhook as it arrived. */
export type Received = { readonly signature: string; readonly text: string; readonly event: ApiBody };

/** A merchant that listens for webhooks. */
export type Merchant = {
  readonly url: string;
  readonly received: Received[];
  /** What is answered next, in order; 200 when there is nothing. */
  readonly answers: number[];
  close(): Promise<void>;
};

/** Listens on a port of its own. */
export async function startMerchant(): Promise<Merchant> {
  const received: Received[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      received.push({ text, signature: String(request.headers["dawr-signature"]), event: JSON.parse(text) });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Whether a webhook was signed with the secret, as the README tells merchants to check it. */
export function isSigned({ signature, text }: Received, secret: string): boolean {
  const [, time = "", mac = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  return mac === createHmac("sha256", secret).update(`${time}.${text}`).digest("hex");
}
