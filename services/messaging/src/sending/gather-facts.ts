import type { Client } from "@connectrpc/connect";
import type { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import type { Contact, KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import type { LocalizedText } from "@dawr/gen/dawr/type/v1/localized_text_pb.js";
import type { PostalAddress } from "@dawr/gen/google/type/postal_address_pb.js";
import { reasonOf } from "@dawr/rpc";
import { type Arguments, textOf } from "../domain/template.ts";
import { providerOf } from "../names.ts";

/** Who knows what messages say. */
export type Sources = {
  readonly people: Client<typeof KeyService>;
  readonly providers: Client<typeof ProviderService>;
};

/** Gets how to reach people; those that are unknown, erased or nobody are left out. */
export async function contactsOf(
  { people }: Pick<Sources, "people">,
  accounts: readonly (string | undefined)[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Contact>> {
  const asked = new Set(accounts.filter((account) => account !== undefined));
  asked.delete("");
  if (asked.size === 0) return new Map();
  const { contacts } = await people.batchGetContacts({ accounts: [...asked] }, callOptions(signal));
  return new Map(contacts.filter((contact) => !contact.erased).map((contact) => [contact.account, contact]));
}

/** Adds a booking's provider, with name and address, where the arguments do not have them. */
export async function withProvider(
  { providers }: Pick<Sources, "providers">,
  given: Arguments,
  signal?: AbortSignal,
): Promise<Arguments> {
  const { booking } = given;
  if (booking === undefined || !booking.startsWith("providers/") || textOf(given, "provider", "en") !== undefined)
    return given;
  try {
    const provider = await providers.getProvider({ name: providerOf(booking) }, callOptions(signal));
    return {
      ...localized("provider", provider.displayName),
      ...(provider.address === undefined ? {} : { address: lineOfAddress(provider.address) }),
      ...given,
    };
  } catch (error) {
    // A provider that has left has no name to show; its customers are written to all the same.
    if (reasonOf(error)?.reason === "NOT_FOUND") return given;
    throw error;
  }
}

/** A text in several languages as arguments: provider_en, provider_ar. */
function localized(key: string, text: LocalizedText | undefined): Arguments {
  return Object.fromEntries(
    Object.entries(text?.texts ?? {}).map(([tag, value]) => [`${key}_${tag.slice(0, 2).toLowerCase()}`, value]),
  );
}

function lineOfAddress({ addressLines, sublocality, locality }: PostalAddress): string {
  return [...addressLines, sublocality, locality].filter((part) => part !== "").join(", ");
}

function callOptions(signal: AbortSignal | undefined) {
  return signal === undefined ? {} : { signal };
}
