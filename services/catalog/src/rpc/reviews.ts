import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { Booking_State, BookingService } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import {
  type CreateReviewRequest,
  type ListReviewsRequest,
  type ListReviewsResponse,
  ListReviewsResponseSchema,
  type Review,
  ReviewSchema,
  ReviewService,
} from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { callOf, invalid, outgoing, PlatformError, reasonOf, requireActor } from "@dawr/rpc";
import type { Host } from "@dawr/runtime";
import { once, readPageToken, replayed } from "@dawr/store";
import { CatalogError } from "../domain/errors.ts";
import { tellProvider, tellReview } from "../events/catalog-events.ts";
import { idOf } from "../names.ts";
import { findProvider, saveProvider } from "../store/providers.ts";
import { insertReviews, listReviews, type ReviewCursor, type StoredReview } from "../store/reviews.ts";
import type { Deps } from "./deps.ts";
import { pageOf, pageSizeOf } from "./pages.ts";
import { timestamp } from "./provider-to-proto.ts";
import { requireVisible, sightOf } from "./visibility.ts";

/** What reviews need: booking is asked whether there was a visit. */
export type ReviewDeps = Deps & { readonly client: Host["client"] };

/** The calls of reviews. (CA-08) */
export function reviews(deps: ReviewDeps): ServiceImpl<typeof ReviewService> {
  return {
    listReviews: (request, context) => list(deps, request, context),
    createReview: (request, context) => createReview(deps, request, context),
  };
}

/** Lists the reviews of a provider, the latest first; the booking is shown to its author and to the house only. */
async function list(
  { store, auth, keys }: Deps,
  request: ListReviewsRequest,
  context: HandlerContext,
): Promise<ListReviewsResponse> {
  const { parent, pageSize, pageToken } = request;
  const providerId = idOf(parent);
  const query = { list: "reviews", parent };
  const size = pageSizeOf(pageSize);
  const after = cursorOf(readPageToken({ key: keys, query, token: pageToken }));
  const sight = await sightOf(context, auth);
  await requireVisible(store, sight, providerId, parent);
  const rows = await store.read((tx) => listReviews(tx, { providerId, after, limit: size + 1 }));
  const { page, nextPageToken } = pageOf(rows, size, {
    key: keys,
    query,
    cursorOf: ({ createTime, id }) => ({ createTime, id }),
  });
  const account = callOf(context).actor?.account;
  const isShown = ({ accountId }: StoredReview) =>
    sight.isInside(providerId) || (accountId !== undefined && account === `accounts/${accountId}`);
  return create(ListReviewsResponseSchema, {
    reviews: page.map((review) => reviewToProto(review, isShown(review))),
    nextPageToken,
  });
}

/** Creates a review, once per completed booking of the caller; the provider's rating follows in the same transaction. */
async function createReview(deps: ReviewDeps, request: CreateReviewRequest, context: HandlerContext): Promise<Review> {
  const { store, now, newId } = deps;
  const { account } = requireActor(context);
  const wanted = request.review;
  if (wanted === undefined) throw invalid("review");
  const call = { actor: account, method: ReviewService.method.createReview, request };
  const known = await replayed(store, call);
  if (known !== undefined) return known;
  await requireVisit(deps, request.parent, wanted.booking, account, context);
  return await once(store, call, async (tx) => {
    const provider = await findProvider(tx, idOf(request.parent), "lock");
    if (provider === undefined) throw new PlatformError("NOT_FOUND", { name: request.parent });
    const review: StoredReview = {
      providerId: provider.id,
      id: newId(),
      bookingId: idOf(wanted.booking),
      accountId: idOf(account),
      rating: wanted.rating,
      text: wanted.text,
      languageCode: wanted.languageCode,
      createTime: now(),
    };
    if ((await insertReviews(tx, [review])) === 0) throw new CatalogError("REVIEW_EXISTS", { booking: wanted.booking });
    const rated = {
      ...provider,
      rating: { count: provider.rating.count + 1, sum: provider.rating.sum + review.rating },
      version: provider.version + 1n,
      updateTime: review.createTime,
    };
    await saveProvider(tx, rated);
    // What everybody may read: without the booking.
    await tellReview(tx, reviewToProto(review, false), rated);
    await tellProvider(tx, rated, "changed");
    return reviewToProto(review, true);
  });
}

async function requireVisit(
  { client }: ReviewDeps,
  parent: string,
  booking: string,
  account: string,
  context: HandlerContext,
): Promise<void> {
  if (!booking.startsWith(`${parent}/bookings/`)) throw notReviewable(booking);
  const visit = await client(BookingService)
    .getBooking({ name: booking }, outgoing(context))
    .catch((error: unknown) => {
      if (reasonOf(error)?.reason === "NOT_FOUND") throw notReviewable(booking, error);
      throw error;
    });
  if (visit.account !== account || visit.state !== Booking_State.COMPLETED) throw notReviewable(booking);
}

function notReviewable(booking: string, cause?: unknown): CatalogError {
  return new CatalogError("BOOKING_NOT_REVIEWABLE", { booking }, { cause });
}

function cursorOf(cursor: unknown): ReviewCursor | undefined {
  if (typeof cursor !== "object" || cursor === null || !("createTime" in cursor) || !("id" in cursor)) return undefined;
  const { createTime, id } = cursor;
  return createTime instanceof Temporal.Instant && typeof id === "string" ? { createTime, id } : undefined;
}

function reviewToProto(review: StoredReview, showsBooking: boolean): Review {
  return create(ReviewSchema, {
    name: `providers/${review.providerId}/reviews/${review.id}`,
    booking: showsBooking ? `providers/${review.providerId}/bookings/${review.bookingId}` : "",
    rating: review.rating,
    text: review.text,
    languageCode: review.languageCode,
    createTime: timestamp(review.createTime),
  });
}
