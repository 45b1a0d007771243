import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  type GetIndexStatusRequest,
  type IndexStatus,
  IndexStatusSchema,
  type RebuildIndexRequest,
  SearchService,
} from "@dawr/gen/dawr/search/v1/search_pb.js";
import { requireActor } from "@dawr/rpc";
import type { Host } from "@dawr/runtime";
import { once } from "@dawr/store";
import { SearchError } from "../domain/errors.ts";
import type { Engine } from "../engines/engine.ts";
import { beginRebuild, type IndexState, readIndexState } from "../store/index-state.ts";
import type { Deps } from "./deps.ts";

/** The job that rebuilds the index. */
export const rebuildJobName = "rebuild-index";

/** Gets the state of the index. */
export const getIndexStatus =
  ({ store, engine }: Deps) =>
  async (_request: GetIndexStatusRequest): Promise<IndexStatus> =>
    statusOf(engine, await engine.count(), await store.read(readIndexState));

/** Rebuilds the index, in a job; one at a time, and the old entries answer until their new ones are there. */
export const rebuildIndex =
  ({ store, engine, enqueue }: Deps & { readonly enqueue: Host["enqueue"] }) =>
  async (request: RebuildIndexRequest, context: HandlerContext): Promise<IndexStatus> => {
    const count = await engine.count();
    const call = { actor: requireActor(context).account, method: SearchService.method.rebuildIndex, request };
    return await once(store, call, async (tx) => {
      if (!(await beginRebuild(tx))) throw new SearchError("REBUILD_RUNNING");
      await enqueue(tx, rebuildJobName, {}, { key: rebuildJobName });
      return statusOf(engine, count, await readIndexState(tx));
    });
  };

function statusOf(engine: Engine, count: number, state: IndexState): IndexStatus {
  return create(IndexStatusSchema, {
    engine: engine.name,
    providerCount: BigInt(count),
    rebuilding: state.isRebuilding,
    ...(state.lastEventTime === undefined
      ? {}
      : { lastEventTime: timestampFromMs(state.lastEventTime.epochMilliseconds) }),
    ...(state.rebuildTime === undefined ? {} : { rebuildTime: timestampFromMs(state.rebuildTime.epochMilliseconds) }),
  });
}
