import { create } from "@bufbuild/protobuf";
import { append } from "@dawr/events";
import {
  ProviderChangedSchema,
  ProviderPublishedSchema,
  ProviderSuspendedSchema,
  ResourceChangedSchema,
  ReviewPublishedSchema,
  ServiceChangedSchema,
  StaffChangedSchema,
} from "@dawr/gen/dawr/catalog/v1/events_pb.js";
import type { Resource } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import type { Review } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import type { Service } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { StaffMember } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import type { Tx } from "@dawr/store";
import { idOf } from "../names.ts";
import { providerToProto, ratingToProto } from "../rpc/provider-to-proto.ts";
import { resourceKind, serviceKind, staffKind } from "../store/part-kinds.ts";
import { partToProto, type StoredPart } from "../store/parts.ts";
import type { StoredProvider } from "../store/providers.ts";

/** Publishes a provider as it is now: that it is published, suspended, or changed in another way. */
export async function tellProvider(
  tx: Tx,
  provider: StoredProvider,
  what: "published" | "suspended" | "changed",
): Promise<void> {
  const message = { provider: providerToProto(provider, true) };
  const about = { subject: message.provider.name, key: provider.id, sequence: provider.version };
  if (what === "published") {
    append(tx, [{ ...about, schema: ProviderPublishedSchema, message: create(ProviderPublishedSchema, message) }]);
  } else if (what === "suspended") {
    append(tx, [{ ...about, schema: ProviderSuspendedSchema, message: create(ProviderSuspendedSchema, message) }]);
  } else {
    append(tx, [{ ...about, schema: ProviderChangedSchema, message: create(ProviderChangedSchema, message) }]);
  }
}

/** Publishes a service as it is now. */
export async function tellService(tx: Tx, part: StoredPart<Service>): Promise<void> {
  const service = partToProto(serviceKind, part);
  const message = create(ServiceChangedSchema, { service });
  append(tx, [{ schema: ServiceChangedSchema, message, subject: service.name, key: part.id, sequence: part.version }]);
}

/** Publishes a staff member as they are now. */
export async function tellStaffMember(tx: Tx, part: StoredPart<StaffMember>): Promise<void> {
  const staffMember = partToProto(staffKind, part);
  const message = create(StaffChangedSchema, { staffMember });
  append(tx, [
    { schema: StaffChangedSchema, message, subject: staffMember.name, key: part.id, sequence: part.version },
  ]);
}

/** Publishes a resource as it is now. */
export async function tellResource(tx: Tx, part: StoredPart<Resource>): Promise<void> {
  const resource = partToProto(resourceKind, part);
  const message = create(ResourceChangedSchema, { resource });
  append(tx, [
    { schema: ResourceChangedSchema, message, subject: resource.name, key: part.id, sequence: part.version },
  ]);
}

/** Publishes a review, and what customers think of its provider with it. */
export async function tellReview(tx: Tx, review: Review, provider: StoredProvider): Promise<void> {
  const message = create(ReviewPublishedSchema, { review, rating: ratingToProto(provider.rating) });
  append(tx, [{ schema: ReviewPublishedSchema, message, subject: review.name, key: idOf(review.name), sequence: 1n }]);
}
