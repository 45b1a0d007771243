import { Code } from "@connectrpc/connect";
import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ReviewService } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { published, refusal } from "./salon.ts";
import { accountOf, as, openWorld, requestId, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe("reviews", () => {
  test("given a completed booking, when its customer reviews it twice, then once counts and the rating follows", async () => {
    const name = await published(world, "farah");
    const booking = `${name}/bookings/${requestId()}`;
    world.bookings.set(booking, { account: accountOf("customer") });
    const reviews = world.client(ReviewService);
    const request = {
      parent: name,
      review: { booking, rating: 4, text: "جيد", languageCode: "ar" },
      requestId: requestId(),
    };
    const review = await reviews.createReview(request, as("customer"));
    expect(await reviews.createReview(request, as("customer"))).toEqual(review);
    const twice = reviews.createReview({ ...request, requestId: requestId() }, as("customer"));
    expect(await refusal(twice)).toMatchObject({ code: Code.AlreadyExists, reason: "REVIEW_EXISTS" });
    const stranger = reviews.createReview({ ...request, requestId: requestId() }, as("somebody"));
    expect(await refusal(stranger)).toMatchObject({ reason: "BOOKING_NOT_REVIEWABLE" });
    const unknown = { ...request.review, booking: `${name}/bookings/${requestId()}` };
    const missing = reviews.createReview({ parent: name, review: unknown, requestId: requestId() }, as("customer"));
    expect(await refusal(missing)).toMatchObject({ reason: "BOOKING_NOT_REVIEWABLE" });
    expect((await world.client(ProviderService).getProvider({ name })).rating).toMatchObject({ average: 4, count: 1 });
    expect((await reviews.listReviews({ parent: name })).reviews).toMatchObject([
      { rating: 4, text: "جيد", booking: "" },
    ]);
    expect((await reviews.listReviews({ parent: name }, as("customer"))).reviews).toMatchObject([{ booking }]);
  });
});

test("given one visit and 16 reviews of it at once, then one counts", async () => {
  const name = await published(world, "jana");
  const booking = `${name}/bookings/${requestId()}`;
  world.bookings.set(booking, { account: accountOf("customer") });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 16 }, () =>
      world
        .client(ReviewService)
        .createReview({ parent: name, review: { booking, rating: 5 }, requestId: requestId() }, as("customer")),
    ),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await world.client(ProviderService).getProvider({ name })).rating).toMatchObject({ average: 5, count: 1 });
});
