import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { RetryInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { attachDetail, callOf, PlatformError } from "@dawr/rpc";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { networkOf } from "./network-of.ts";

/** How many calls a minute may come from one person, and from one address without one. */
export type Limits = { readonly perUser: number; readonly perAddress: number };

const windowSeconds = 60;

/** Counts each call and refuses with RATE_LIMITED, and when to come back, who makes too many in a minute. (GW-01) */
export function rateLimit({ perUser, perAddress }: Limits): (context: HandlerContext) => Promise<void> {
  const users = new RateLimiterMemory({ points: perUser, duration: windowSeconds });
  const addresses = new RateLimiterMemory({ points: perAddress, duration: windowSeconds });
  return async (context) => {
    const { actor, peer } = callOf(context);
    try {
      if (actor === undefined) await addresses.consume(networkOf(peer));
      else await users.consume(actor.account);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const error = new PlatformError("RATE_LIMITED", { retry_after_ms: String(refused.msBeforeNext) });
      throw attachDetail(error, RetryInfoSchema, { retryDelay: durationFromMs(refused.msBeforeNext) });
    }
  };
}
