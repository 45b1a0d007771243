import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { type CreateBookingRequest, DependentDetailsSchema } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import type { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { Vertical_DependentKind as Kind, type VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import type { DependentSummary, KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import type { Date as DateMessage } from "@dawr/gen/google/type/date_pb.js";
import type { PostalAddress } from "@dawr/gen/google/type/postal_address_pb.js";
import { requireAge } from "../domain/age.ts";
import type { Booking } from "../domain/booking.ts";
import { BookingError } from "../domain/errors.ts";
import type { Quote } from "../domain/quote.ts";
import { idOf } from "../names.ts";
import type { Details } from "../store/details.ts";

/** Whom it asks. */
export type ForWhomSources = {
  readonly keysOfPeople: Client<typeof KeyService>;
  readonly providers: Client<typeof ProviderService>;
  readonly verticals: Client<typeof VerticalService>;
};

/** For whom a booking is, and what the customer says about it. */
export type Wished = { readonly dependentId: string | undefined; readonly details: Details };

/**
 * For whom the customer books, and what they say. Refuses a dependent that is not theirs (DEPENDENT_UNKNOWN) or of a kind
 * that the provider does not serve (DEPENDENT_KIND_NOT_SERVED), who is too young (TOO_YOUNG, ID-09), and a visit to nowhere
 * (ADDRESS_REQUIRED). An address that nobody needs is not kept. (BK-06, BK-13)
 */
export async function forWhom(
  sources: ForWhomSources,
  held: Booking,
  quote: Pick<Quote, "place" | "minAgeYears">,
  { dependent: name, customerNote, address }: CreateBookingRequest,
): Promise<Wished> {
  const dependent = name === "" ? undefined : await dependentOf(sources, held, name);
  if (quote.minAgeYears > 0) {
    // A pet is as old as it is: the limit is for people, and there it is the one who brings it.
    const born = dependent?.kind === Kind.CHILD ? dependent.birthDate : await birthDateOf(sources, held);
    requireAge(dateOf(born), quote.minAgeYears, held);
  }
  const isThere = quote.place === "CUSTOMER";
  if (isThere && !isAddress(address)) throw new BookingError("ADDRESS_REQUIRED");
  return {
    dependentId: dependent && idOf(dependent.dependent),
    details: {
      ...(customerNote === "" ? {} : { customerNote }),
      ...(isThere && address !== undefined ? { address } : {}),
      ...(dependent === undefined ? {} : { dependentDetails: detailsOf(dependent) }),
    },
  };
}

async function dependentOf(sources: ForWhomSources, held: Booking, wished: string): Promise<DependentSummary> {
  const account = `accounts/${held.customerId}`;
  const name = wished.replace(/^accounts\/me\//, `${account}/`);
  const unknown = new BookingError("DEPENDENT_UNKNOWN", { dependent: name });
  if (!name.startsWith(`${account}/`)) throw unknown;
  const [{ dependents }, provider] = await Promise.all([
    sources.keysOfPeople.batchGetDependents({ names: [name] }),
    sources.providers.getProvider({ name: `providers/${held.providerId}` }),
  ]);
  const [dependent] = dependents;
  if (dependent === undefined) throw unknown;
  const { dependentKinds } = await sources.verticals.getVertical({ name: provider.vertical });
  if (!dependentKinds.includes(dependent.kind)) {
    throw new BookingError("DEPENDENT_KIND_NOT_SERVED", { kind: Kind[dependent.kind] });
  }
  return dependent;
}

async function birthDateOf(sources: ForWhomSources, { customerId }: Booking): Promise<DateMessage | undefined> {
  const { contacts } = await sources.keysOfPeople.batchGetContacts({ accounts: [`accounts/${customerId}`] });
  return contacts[0]?.birthDate;
}

function dateOf(date: DateMessage | undefined): Temporal.PlainDate | undefined {
  return date && Temporal.PlainDate.from({ year: date.year, month: date.month, day: date.day });
}

/** Whether somebody can be found by it: a country alone is no address. */
function isAddress(address: PostalAddress | undefined): boolean {
  return address?.addressLines.some((line) => line.trim() !== "") === true;
}

function detailsOf({ kind, displayName, species, breed }: DependentSummary) {
  return create(DependentDetailsSchema, { kind, displayName, species, breed });
}
