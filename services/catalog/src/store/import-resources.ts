import { isMessage, type Message } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Provider, Provider_State, ProviderSchema } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { type Review, ReviewSchema } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import type { Tx } from "@dawr/store";
import type { ProviderState } from "../domain/standing.ts";
import { idOf, parsePartName, providerIdOf } from "../names.ts";
import { type Part, type PartKind, resourceKind, serviceKind, staffKind } from "./part-kinds.ts";
import { insertParts, type StoredPart } from "./parts.ts";
import { insertProviders, type StoredProvider } from "./providers.ts";
import { insertReviews, type StoredReview } from "./reviews.ts";

/**
 * Stores whole resources in bulk, one statement for each kind; what is there already stays as it is, and nothing is
 * published: whoever keeps copies is given the same resources. Providers come with the rating that their reviews add up to.
 */
export async function importResources(tx: Tx, resources: readonly Message[], now: Temporal.Instant): Promise<void> {
  await insertProviders(
    tx,
    resources.filter((r) => isMessage(r, ProviderSchema)).map((r) => providerOf(r, now)),
  );
  await insertParts(
    tx,
    serviceKind,
    resources.filter((r) => isMessage(r, ServiceSchema)).map((r) => partOf(serviceKind, r, now)),
  );
  await insertParts(
    tx,
    staffKind,
    resources.filter((r) => isMessage(r, StaffMemberSchema)).map((r) => partOf(staffKind, r, now)),
  );
  await insertParts(
    tx,
    resourceKind,
    resources.filter((r) => isMessage(r, ResourceSchema)).map((r) => partOf(resourceKind, r, now)),
  );
  await insertReviews(
    tx,
    resources.filter((r) => isMessage(r, ReviewSchema)).map((r) => reviewOf(r, now)),
  );
}

function providerOf(provider: Provider, now: Temporal.Instant): StoredProvider {
  const count = provider.rating?.count ?? 0;
  return {
    id: idOf(provider.name),
    version: versionOf(provider.etag),
    standing: {
      state: stateOf(provider.state),
      reason: provider.stateReason,
      verified: provider.verified,
      publishTime: provider.publishTime === undefined ? undefined : instantOf(provider.publishTime, now),
    },
    vertical: idOf(provider.vertical),
    currencyCode: provider.currencyCode,
    rating: { count, sum: Math.round((provider.rating?.average ?? 0) * count) },
    profile: provider,
    createTime: instantOf(provider.createTime, now),
    updateTime: instantOf(provider.updateTime, now),
  };
}

function partOf<M extends Part>(kind: PartKind<M>, part: M, now: Temporal.Instant): StoredPart<M> {
  return {
    ...parsePartName(part.name),
    version: versionOf(part.etag),
    active: kind.isActive(part),
    content: part,
    createTime: instantOf(part.createTime, now),
    updateTime: instantOf(part.updateTime, now),
  };
}

function reviewOf(review: Review, now: Temporal.Instant): StoredReview {
  return {
    providerId: providerIdOf(review.name),
    id: idOf(review.name),
    bookingId: idOf(review.booking),
    accountId: undefined,
    rating: review.rating,
    text: review.text,
    languageCode: review.languageCode,
    createTime: instantOf(review.createTime, now),
  };
}

/** An etag is the version. */
const versionOf = (etag: string): bigint => (/^[1-9]\d{0,17}$/.test(etag) ? BigInt(etag) : 1n);

function instantOf(time: Timestamp | undefined, now: Temporal.Instant): Temporal.Instant {
  return time === undefined ? now : Temporal.Instant.fromEpochMilliseconds(timestampMs(time));
}

const states = new Map<Provider_State, ProviderState>([
  [Provider_State.DRAFT, "DRAFT"],
  [Provider_State.SUBMITTED, "SUBMITTED"],
  [Provider_State.PUBLISHED, "PUBLISHED"],
  [Provider_State.REJECTED, "REJECTED"],
  [Provider_State.SUSPENDED, "SUSPENDED"],
]);

const stateOf = (state: Provider_State): ProviderState => states.get(state) ?? "DRAFT";
