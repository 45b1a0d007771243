import type { Store, Tx } from "@dawr/store";
import { earthRadiusMetres } from "../domain/distance.ts";
import type { Candidate, Document, FreeShare, GenderServed, Texts } from "../domain/document.ts";
import { isWithin, type Question } from "../domain/question.ts";
import { variantsOf } from "../domain/typos.ts";
import type { Engine, ShareKey } from "./engine.ts";
import { meantWords } from "./meant-words.ts";

/** The embedded engine: a tree of points and an inverted list of words in the service's own database. (SE-07) */
export function postgresEngine(store: Store): Engine {
  return {
    name: "postgresql",
    put,
    putShares,
    async remove(tx, providerIds) {
      await tx.query("delete from entry where provider_id = any($1::uuid[])", [providerIds]);
    },
    find: (question, limit) => store.read((tx) => find(tx, question, limit)),
    read: (providerIds) => store.read((tx) => read(tx, providerIds)),
    async count() {
      const [row] = await store.read((tx) => tx.query<{ count: bigint }>("select count(*) from entry"));
      return Number(row?.count ?? 0n);
    },
  };
}

async function put(tx: Tx, documents: readonly Document[]): Promise<void> {
  if (documents.length === 0) return;
  // In order of the id, so that two writers wait for each other instead of deadlocking.
  const sorted = [...documents].sort((a, b) => (a.providerId < b.providerId ? -1 : 1));
  await tx.query(putStatement, [
    sorted.map((d) => d.providerId),
    sorted.map((d) => d.point.latitude),
    sorted.map((d) => d.point.longitude),
    sorted.map((d) => d.vertical),
    sorted.map((d) => d.genderServed),
    sorted.map((d) => d.verified),
    sorted.map((d) => d.ratingAverage),
    sorted.map((d) => d.ratingCount),
    sorted.map((d) => JSON.stringify(d.displayName)),
    sorted.map((d) => d.words.join(" ")),
  ]);
  const offers = sorted.flatMap((d) => d.offers.map((offer) => ({ ...offer, providerId: d.providerId })));
  await tx.query("delete from offer where provider_id = any($1::uuid[])", [sorted.map((d) => d.providerId)]);
  await tx.query(
    `insert into offer (provider_id, service_id, category, currency_code, price_minor)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[])`,
    [
      offers.map((offer) => offer.providerId),
      offers.map((offer) => offer.serviceId),
      offers.map((offer) => offer.category),
      offers.map((offer) => offer.currencyCode),
      offers.map((offer) => offer.priceMinor.toString()),
    ],
  );
  await keepWords(tx, [...new Set(sorted.flatMap((d) => d.words))].sort());
}

async function keepWords(tx: Tx, words: readonly string[]): Promise<void> {
  const fresh = await tx.query<{ word: string }>(
    "insert into word (word) select * from unnest($1::text[]) on conflict do nothing returning word",
    [words],
  );
  const variants = fresh.flatMap(({ word }) => [...variantsOf(word)].map((variant) => ({ variant, word })));
  if (variants.length === 0) return;
  await tx.query("insert into word_variant (variant, word) select * from unnest($1::text[], $2::text[])", [
    variants.map(({ variant }) => variant),
    variants.map(({ word }) => word),
  ]);
}

async function putShares(tx: Tx, shares: readonly (FreeShare & ShareKey)[]): Promise<void> {
  if (shares.length === 0) return;
  await tx.query(
    `insert into free_share (provider_id, sequence, event_time, open_minutes, free_minutes, next_free_time)
     select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::int[], $5::int[], $6::timestamptz[])
     on conflict (provider_id) do update set
       sequence = excluded.sequence, event_time = excluded.event_time, open_minutes = excluded.open_minutes,
       free_minutes = excluded.free_minutes, next_free_time = excluded.next_free_time
     where free_share.sequence < excluded.sequence`,
    [
      shares.map((share) => share.providerId),
      shares.map((share) => share.sequence.toString()),
      shares.map((share) => share.eventTime),
      shares.map((share) => share.openMinutes),
      shares.map((share) => share.freeMinutes),
      shares.map((share) => share.nextFreeTime ?? null),
    ],
  );
}

async function find(tx: Tx, question: Question, limit: number): Promise<readonly Candidate[]> {
  const { point, radiusMetres, price } = question;
  const meant = await meantWords(tx, question.words);
  if (meant.some((words) => words.length === 0)) return [];
  const params: unknown[] = [point.latitude, point.longitude, radiusMetres * boxFactor + boxMarginMetres, limit];
  const place = (value: unknown): string => `$${params.push(value)}`;
  const filters = meant.map((words) => `e.words && ${place(words)}::text[]`);
  if (question.vertical !== undefined) filters.push(`e.vertical = ${place(question.vertical)}`);
  if (question.isVerifiedOnly) filters.push("e.verified");
  if (question.minRating > 0) filters.push(`e.rating_average >= ${place(question.minRating)}::float8`);
  if (question.genderServed !== undefined)
    filters.push(`e.gender_served in ('EVERYONE', ${place(question.genderServed)})`);
  const offers: string[] = [];
  if (question.category !== undefined) offers.push(`o.category = ${place(question.category)}`);
  if (price !== undefined) {
    offers.push(
      `o.currency_code = ${place(price.currencyCode)}`,
      `o.price_minor >= ${place(price.minMinor.toString())}::bigint`,
    );
    if (price.maxMinor !== undefined) offers.push(`o.price_minor <= ${place(price.maxMinor.toString())}::bigint`);
  }
  if (offers.length > 0) {
    filters.push(`exists (select from offer o where o.provider_id = e.provider_id and ${offers.join(" and ")})`);
  }
  // The straight line through the earth grows with the way over it, so that the tree answers in order of nearness.
  const rows = await tx.query<CandidateRow>(
    `select e.provider_id, e.latitude, e.longitude, e.verified, e.rating_average, e.rating_count,
       coalesce(s.open_minutes, 0) as open_minutes, coalesce(s.free_minutes, 0) as free_minutes
     from (
       select * from entry e
       where e.position <@ earth_box(ll_to_earth($1::float8, $2::float8), $3::float8)
         ${filters.map((filter) => `and ${filter}`).join(" ")}
       order by e.position <-> ll_to_earth($1::float8, $2::float8), e.provider_id
       limit $4
     ) e left join free_share s using (provider_id)`,
    params,
  );
  // The box is a little larger than the circle; whether a point is within is for our own rule to say.
  return rows.map(candidateOf).filter((candidate) => isWithin(candidate, question));
}

async function read(tx: Tx, providerIds: readonly string[]): Promise<readonly (Document & FreeShare)[]> {
  const rows = await tx.query<DocumentRow>(
    `select e.provider_id, e.latitude, e.longitude, e.vertical, e.gender_served, e.verified, e.rating_average,
       e.rating_count, e.display_name, e.words, s.next_free_time,
       coalesce(s.open_minutes, 0) as open_minutes, coalesce(s.free_minutes, 0) as free_minutes,
       (select coalesce(json_agg(json_build_object('serviceId', o.service_id, 'category', o.category,
                 'currencyCode', o.currency_code, 'priceMinor', o.price_minor::text) order by o.service_id), '[]')
        from offer o where o.provider_id = e.provider_id) as offers
     from entry e left join free_share s using (provider_id)
     where e.provider_id = any($1::uuid[])`,
    [providerIds],
  );
  return rows.map((row) => ({
    ...candidateOf(row),
    displayName: row.display_name,
    vertical: row.vertical,
    genderServed: row.gender_served,
    offers: row.offers.map((offer) => ({ ...offer, priceMinor: BigInt(offer.priceMinor) })),
    words: row.words,
    nextFreeTime: row.next_free_time ?? undefined,
  }));
}

type CandidateRow = {
  readonly provider_id: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly verified: boolean;
  readonly rating_average: number;
  readonly rating_count: number;
  readonly open_minutes: number;
  readonly free_minutes: number;
};

type DocumentRow = CandidateRow & {
  readonly vertical: string;
  readonly gender_served: GenderServed;
  readonly display_name: Texts;
  readonly words: readonly string[];
  readonly next_free_time: Temporal.Instant | null;
  readonly offers: readonly {
    readonly serviceId: string;
    readonly category: string;
    readonly currencyCode: string;
    readonly priceMinor: string;
  }[];
};

function candidateOf(row: CandidateRow): Candidate {
  return {
    providerId: row.provider_id,
    point: { latitude: row.latitude, longitude: row.longitude },
    verified: row.verified,
    ratingAverage: row.rating_average,
    ratingCount: row.rating_count,
    openMinutes: row.open_minutes,
    freeMinutes: row.free_minutes,
  };
}

// earthdistance's earth is the one of the equator; ours is the mean one.
const boxFactor = 6_378_168 / earthRadiusMetres;
const boxMarginMetres = 1;

// Words have no spaces, and arrays of arrays cannot be unnested by row.
const putStatement = `
  insert into entry (provider_id, position, latitude, longitude, vertical, gender_served, verified, rating_average,
    rating_count, display_name, words)
  select id, ll_to_earth(latitude, longitude), latitude, longitude, vertical, gender_served, verified, rating_average,
    rating_count, display_name, string_to_array(words, ' ')
  from unnest($1::uuid[], $2::float8[], $3::float8[], $4::text[], $5::text[], $6::boolean[], $7::float8[], $8::int[],
    $9::jsonb[], $10::text[])
    as d (id, latitude, longitude, vertical, gender_served, verified, rating_average, rating_count, display_name, words)
  on conflict (provider_id) do update set
    position = excluded.position, latitude = excluded.latitude, longitude = excluded.longitude,
    vertical = excluded.vertical, gender_served = excluded.gender_served, verified = excluded.verified,
    rating_average = excluded.rating_average, rating_count = excluded.rating_count,
    display_name = excluded.display_name, words = excluded.words`;
