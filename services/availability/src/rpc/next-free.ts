import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AvailabilityService,
  type NextFreeQuery,
  NextFreeResponseSchema,
  NextFreeResultSchema,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { loadNextFree } from "../store/next-free.ts";
import type { Deps } from "./deps.ts";
import { idBelow, providerIdOf, providerName, serviceName } from "./names.ts";
import { timestampOf } from "./time-proto.ts";

/** Tells the next free start of up to 50 providers; one that is not known, not bookable, or not to be read has none. */
export const nextFreeRpc =
  (deps: Deps): ServiceImpl<typeof AvailabilityService>["nextFree"] =>
  async ({ queries }) => {
    const wishes = queries.map(wishOf);
    const found = await deps.store.read((tx) =>
      loadNextFree(tx, deps, wishes, (providerId, err) =>
        deps.log.error({ err, provider: providerName(providerId) }, "a provider's calendar could not be read"),
      ),
    );
    return create(NextFreeResponseSchema, {
      results: queries.map(({ provider }, i) => {
        const next = found[i];
        return create(NextFreeResultSchema, {
          provider,
          ...(next
            ? { service: serviceName(providerIdOf(provider), next.serviceId), startTime: timestampOf(next.from) }
            : {}),
        });
      }),
    });
  };

function wishOf({ provider, service }: NextFreeQuery) {
  const providerId = providerIdOf(provider);
  return { providerId, serviceId: service === "" ? undefined : idBelow(providerId, service) };
}
