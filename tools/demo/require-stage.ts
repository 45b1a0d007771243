import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";
import { publicClient, type Urls } from "../journey/platform-client.ts";
import { abdali } from "./play.ts";

/** Says in one line what the story would need and does not find. */
export class NoStage extends Error {
  override readonly name = "NoStage";
}

/** Refuses a platform that is not there, or that has no demo market; throws NoStage. */
export async function requireStage(urls: Urls): Promise<void> {
  await requireAnswer("gateway", urls.gateway, "/healthz");
  await requireAnswer("sandbox", urls.sandbox, "/mailbox");
  const wish = { point: abdali, vertical: "verticals/barber", pageSize: 1 };
  const { results } = await publicClient(urls, SearchService)
    .searchProviders(wish)
    .catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new NoStage(`the gateway at ${urls.gateway} does not answer as Dawr's does: ${reason}`, { cause });
    });
  if (results.length === 0)
    throw new NoStage(`the platform at ${urls.gateway} has no demo market: start it with npm start, without --no-demo`);
}

async function requireAnswer(what: string, url: string, path: string): Promise<void> {
  const answer = await fetch(`${url}${path}`).catch(() => undefined);
  if (answer?.ok !== true)
    throw new NoStage(`no ${what} answers at ${url}: npm start starts a platform, and says where it is`);
}
