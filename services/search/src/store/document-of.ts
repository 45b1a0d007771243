import { GenderServed, Provider_State } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { Service_State } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import type { LocalizedText } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import type { Document, Texts } from "../domain/document.ts";
import { wordsOf } from "../domain/words.ts";
import { type CopiedProvider, lastIdOf } from "./copies.ts";

/** What is found of a provider; undefined when it is not to be found: not published, or nowhere. */
export function documentOf(
  { provider, services }: CopiedProvider,
  categories: ReadonlyMap<string, Texts>,
): Document | undefined {
  const { point } = provider;
  if (provider.state !== Provider_State.PUBLISHED || point === undefined) return undefined;
  const active = services.filter(({ state }) => state !== Service_State.ARCHIVED);
  const texts = [
    ...textsOf(provider.displayName),
    provider.address?.locality ?? "",
    provider.address?.sublocality ?? "",
    ...active.flatMap(({ displayName, category }) => [
      ...textsOf(displayName),
      ...Object.values(categories.get(lastIdOf(category)) ?? {}),
    ]),
  ];
  return {
    providerId: lastIdOf(provider.name),
    displayName: { ...provider.displayName?.texts },
    vertical: lastIdOf(provider.vertical),
    point: { latitude: point.latitude, longitude: point.longitude },
    genderServed: gendersServed.get(provider.genderServed) ?? "EVERYONE",
    verified: provider.verified,
    ratingAverage: provider.rating?.average ?? 0,
    ratingCount: provider.rating?.count ?? 0,
    offers: active.map(({ name, category, price }) => ({
      serviceId: lastIdOf(name),
      category: lastIdOf(category),
      currencyCode: price?.currencyCode ?? provider.currencyCode,
      priceMinor: price?.amountMinor ?? 0n,
    })),
    words: wordsOf(texts.join(" ")),
  };
}

const textsOf = (text: LocalizedText | undefined): readonly string[] => Object.values(text?.texts ?? {});

const gendersServed = new Map<GenderServed, Document["genderServed"]>([
  [GenderServed.EVERYONE, "EVERYONE"],
  [GenderServed.WOMEN, "WOMEN"],
  [GenderServed.MEN, "MEN"],
]);
