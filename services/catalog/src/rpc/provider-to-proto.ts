import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Provider, Provider_State, type Rating, RatingSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { averageOf, type RatingTotal } from "../domain/rating.ts";
import type { StoredProvider } from "../store/providers.ts";

/** A provider as the contract has it; why it was rejected or suspended is for its members and operators only. */
export function providerToProto(provider: StoredProvider, isForMembers: boolean): Provider {
  const { standing } = provider;
  const message: Provider = {
    ...provider.profile,
    name: `providers/${provider.id}`,
    vertical: `verticals/${provider.vertical}`,
    currencyCode: provider.currencyCode,
    verified: standing.verified,
    rating: ratingToProto(provider.rating),
    state: Provider_State[standing.state],
    stateReason: isForMembers ? standing.reason : "",
    createTime: timestamp(provider.createTime),
    updateTime: timestamp(provider.updateTime),
    etag: provider.version.toString(),
  };
  if (standing.publishTime === undefined) delete message.publishTime;
  else message.publishTime = timestamp(standing.publishTime);
  return message;
}

/** A rating as the contract has it. */
export function ratingToProto(rating: RatingTotal): Rating {
  return create(RatingSchema, { average: averageOf(rating), count: rating.count });
}

/** An instant as the contract has it; what is kept here has whole microseconds, of which milliseconds are shown. */
export function timestamp(instant: Temporal.Instant) {
  return timestampFromMs(instant.epochMilliseconds);
}
