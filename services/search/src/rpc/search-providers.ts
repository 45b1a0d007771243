import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ExplainRankingRequest,
  type RankingExplanation,
  RankingExplanationSchema,
  type ScoreParts,
  ScorePartsSchema,
  type SearchProvidersRequest,
  type SearchProvidersResponse,
  SearchProvidersResponseSchema,
  type SearchResult,
  SearchResultSchema,
} from "@dawr/gen/dawr/search/v1/search_pb.js";
import { invalid, PlatformError } from "@dawr/rpc";
import { readPageToken, signPageToken } from "@dawr/store";
import type { Document, FreeShare } from "../domain/document.ts";
import { failedFilters, type Question } from "../domain/question.ts";
import { after, type Place, type Ranked, rank, scoreOf, type Weights } from "../domain/ranking.ts";
import type { Engine } from "../engines/engine.ts";
import { engineAway } from "../engines/engine-away.ts";
import { lastIdOf } from "../store/copies.ts";
import type { Deps } from "./deps.ts";
import { questionOf } from "./question-of.ts";

const defaultPageSize = 20;

/** Finds providers near a point and answers them best first, page by page. (SE-01, SE-02) */
export const searchProviders =
  ({ engine, keys, rules, defaultRadiusMetres, candidateLimit }: Deps) =>
  async (request: SearchProvidersRequest): Promise<SearchProvidersResponse> => {
    const question = questionOf(request, defaultRadiusMetres);
    const place = placeOf(readPageToken({ key: keys, query: question, token: request.pageToken }));
    const candidates = await engineAway(engine.find(question, candidateLimit));
    const rest = after(rank(candidates, question, rules), place);
    const size = request.pageSize === 0 ? defaultPageSize : request.pageSize;
    const page = rest.slice(0, size);
    const last = page.at(-1);
    return create(SearchProvidersResponseSchema, {
      results: await resultsOf(engine, page, request.includeScoreParts ? rules.weights : undefined),
      nextPageToken:
        last === undefined || rest.length <= size
          ? ""
          : signPageToken({ key: keys, query: question, cursor: { score: last.score, providerId: last.providerId } }),
      totalSize: candidates.length,
    });
  };

/** Says why a provider stands where it does in a search, or why it is not found. */
export const explainRanking =
  ({ engine, rules, defaultRadiusMetres }: Deps) =>
  async ({ provider, search }: ExplainRankingRequest): Promise<RankingExplanation> => {
    if (search === undefined) throw invalid("search");
    const question: Question = questionOf(search, defaultRadiusMetres);
    const [document] = await engineAway(engine.read([lastIdOf(provider)]));
    if (document === undefined) throw new PlatformError("NOT_FOUND", { name: provider });
    const failed = failedFilters(document, question);
    const ranked = scoreOf(document, question, rules);
    return create(RankingExplanationSchema, {
      provider,
      found: failed.length === 0,
      failedFilters: [...failed],
      score: ranked.score,
      scoreParts: partsToProto(ranked, rules.weights),
      distanceMetres: ranked.distanceMetres,
    });
  };

/** The results of a page; one that was taken out meanwhile is left out. */
async function resultsOf(
  engine: Engine,
  page: readonly Ranked[],
  weights: Weights | undefined,
): Promise<SearchResult[]> {
  if (page.length === 0) return [];
  const documents = await engineAway(engine.read(page.map(({ providerId }) => providerId)));
  const byId = new Map(documents.map((document) => [document.providerId, document]));
  return page.flatMap((ranked) => {
    const document = byId.get(ranked.providerId);
    return document === undefined ? [] : [resultOf(ranked, document, weights)];
  });
}

function resultOf(ranked: Ranked, document: Document & FreeShare, weights: Weights | undefined): SearchResult {
  const cheapest = document.offers.reduce<Document["offers"][number] | undefined>(
    (least, offer) => (least === undefined || offer.priceMinor < least.priceMinor ? offer : least),
    undefined,
  );
  return create(SearchResultSchema, {
    provider: `providers/${document.providerId}`,
    displayName: { texts: { ...document.displayName } },
    vertical: `verticals/${document.vertical}`,
    point: document.point,
    distanceMetres: ranked.distanceMetres,
    rating: { average: document.ratingAverage, count: document.ratingCount },
    verified: document.verified,
    ...(cheapest === undefined
      ? {}
      : { priceFrom: { currencyCode: cheapest.currencyCode, amountMinor: cheapest.priceMinor } }),
    ...(document.nextFreeTime === undefined
      ? {}
      : { nextFreeTime: timestampFromMs(document.nextFreeTime.epochMilliseconds) }),
    score: ranked.score,
    ...(weights === undefined ? {} : { scoreParts: partsToProto(ranked, weights) }),
  });
}

function partsToProto({ parts }: Ranked, weights: Weights): ScoreParts {
  return create(ScorePartsSchema, {
    distance: { value: parts.distance, weight: weights.distance },
    rating: { value: parts.rating, weight: weights.rating },
    availability: { value: parts.availability, weight: weights.availability },
    verification: { value: parts.verification, weight: weights.verification },
  });
}

function placeOf(cursor: unknown): Place | undefined {
  if (typeof cursor !== "object" || cursor === null || !("score" in cursor) || !("providerId" in cursor))
    return undefined;
  const { score, providerId } = cursor;
  return typeof score === "number" && typeof providerId === "string" ? { score, providerId } : undefined;
}
