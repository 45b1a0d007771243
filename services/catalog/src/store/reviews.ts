import type { Tx } from "@dawr/store";

/** A review as it is kept. */
export type StoredReview = {
  readonly providerId: string;
  readonly id: string;
  readonly bookingId: string;
  /** The author; undefined when not known any more. */
  readonly accountId: string | undefined;
  readonly rating: number;
  readonly text: string;
  readonly languageCode: string;
  readonly createTime: Temporal.Instant;
};

/** The place of a review in the list of its provider, the latest first. */
export type ReviewCursor = { readonly createTime: Temporal.Instant; readonly id: string };

/** Stores reviews of bookings that have none, in one statement; answers how many were new. (CA-08) */
export async function insertReviews(tx: Tx, reviews: readonly StoredReview[]): Promise<number> {
  if (reviews.length === 0) return 0;
  const rows = await tx.query(
    `insert into review (provider_id, id, booking_id, account_id, rating, text, language_code, create_time)
     select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[], $7::text[],
       $8::timestamptz[])
     on conflict do nothing returning 1 as one`,
    [
      reviews.map((review) => review.providerId),
      reviews.map((review) => review.id),
      reviews.map((review) => review.bookingId),
      reviews.map((review) => review.accountId ?? null),
      reviews.map((review) => review.rating),
      reviews.map((review) => review.text),
      reviews.map((review) => review.languageCode),
      reviews.map((review) => review.createTime),
    ],
  );
  return rows.length;
}

/** A page of a provider's reviews after a place, the latest first. */
export async function listReviews(
  tx: Tx,
  page: { readonly providerId: string; readonly after: ReviewCursor | undefined; readonly limit: number },
): Promise<readonly StoredReview[]> {
  const rows = await tx.query<Row>(
    `select provider_id, id, booking_id, account_id, rating, text, language_code, create_time from review
     where provider_id = $1 and ($2::timestamptz is null or (create_time, id) < ($2, $3::uuid))
     order by create_time desc, id desc limit $4`,
    [page.providerId, page.after?.createTime ?? null, page.after?.id ?? null, page.limit],
  );
  return rows.map((row) => ({
    providerId: row.provider_id,
    id: row.id,
    bookingId: row.booking_id,
    accountId: row.account_id ?? undefined,
    rating: row.rating,
    text: row.text,
    languageCode: row.language_code,
    createTime: row.create_time,
  }));
}

type Row = {
  readonly provider_id: string;
  readonly id: string;
  readonly booking_id: string;
  readonly account_id: string | null;
  readonly rating: number;
  readonly text: string;
  readonly language_code: string;
  readonly create_time: Temporal.Instant;
};
