import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type DependentDetails, DependentDetailsSchema } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { type PostalAddress, PostalAddressSchema } from "@dawr/gen/google/type/postal_address_pb.js";
import { type DataKey, ensureDataKey, type KeyRing, type Tx } from "@dawr/store";
import type { Booking, Sealed } from "../domain/booking.ts";

/** What is said about a booking, in the clear; what is left out is not said. Empty takes away what was. */
export type Details = {
  readonly customerNote?: string;
  readonly address?: PostalAddress;
  readonly dependentDetails?: DependentDetails;
  readonly providerNote?: string;
  readonly joiningUrl?: string;
};

/** Whose booking it is; each side's details are under its own key. */
export type Parties = Pick<Booking, "id" | "customerId" | "providerId">;

/** A side of a booking. */
export type Side = "customer" | "provider";

/** The owner of the key that a side's details are under. */
export function keyOwner(side: Side, { customerId, providerId }: Parties): string {
  return side === "customer" ? `accounts/${customerId}` : `providers/${providerId}`;
}

/** Encrypts details, each under the key of its side, for a write in this transaction. Throws NOT_FOUND when that side's data was erased. (ID-12) */
export async function sealDetails(tx: Tx, keys: KeyRing, parties: Parties, details: Details): Promise<Partial<Sealed>> {
  const sealed: { -readonly [K in keyof Sealed]?: Sealed[K] } = {};
  for (const side of ["customer", "provider"] as const) {
    const plain = bytesOf(details).filter(([name]) => sides[name] === side);
    // Whoever says nothing gets no key.
    const isSaid = plain.some(([, bytes]) => bytes.length > 0);
    const key = isSaid ? await ensureDataKey(tx, keys, keyOwner(side, parties)) : undefined;
    for (const [name, bytes] of plain) {
      sealed[name] = bytes.length === 0 ? undefined : key?.encrypt(bytes, contextOf(name, parties.id));
    }
  }
  return sealed;
}

/** The details of one side in the clear; nothing without its key, since then it was erased. */
export function openDetails({ id, sealed }: Booking, side: Side, key: DataKey | undefined): Details {
  if (key === undefined) return {};
  const open = (name: keyof Sealed): Uint8Array | undefined => {
    const bytes = sides[name] === side ? sealed[name] : undefined;
    return bytes && key.decrypt(bytes, contextOf(name, id));
  };
  const [customerNote, address, dependentDetails] = [open("customerNote"), open("address"), open("dependentDetails")];
  const [providerNote, joiningUrl] = [open("providerNote"), open("joiningUrl")];
  return {
    ...(customerNote === undefined ? {} : { customerNote: textOf(customerNote) }),
    ...(address === undefined ? {} : { address: fromBinary(PostalAddressSchema, address) }),
    ...(dependentDetails === undefined
      ? {}
      : { dependentDetails: fromBinary(DependentDetailsSchema, dependentDetails) }),
    ...(providerNote === undefined ? {} : { providerNote: textOf(providerNote) }),
    ...(joiningUrl === undefined ? {} : { joiningUrl: textOf(joiningUrl) }),
  };
}

/** Whether a side has said anything about a booking. */
export function hasDetails({ sealed }: Booking, side: Side): boolean {
  return names.some((name) => sides[name] === side && sealed[name] !== undefined);
}

const sides: Readonly<Record<keyof Sealed, Side>> = {
  customerNote: "customer",
  address: "customer",
  dependentDetails: "customer",
  providerNote: "provider",
  joiningUrl: "provider",
};

const names = ["customerNote", "address", "dependentDetails", "providerNote", "joiningUrl"] as const;

function bytesOf(details: Details): readonly (readonly [keyof Sealed, Uint8Array])[] {
  const { customerNote, address, dependentDetails, providerNote, joiningUrl } = details;
  const all: readonly (readonly [keyof Sealed, Uint8Array | undefined])[] = [
    ["customerNote", bytesOfText(customerNote)],
    ["address", address && toBinary(PostalAddressSchema, address)],
    ["dependentDetails", dependentDetails && toBinary(DependentDetailsSchema, dependentDetails)],
    ["providerNote", bytesOfText(providerNote)],
    ["joiningUrl", bytesOfText(joiningUrl)],
  ];
  return all.flatMap(([name, bytes]) => (bytes === undefined ? [] : [[name, bytes] as const]));
}

/** Bound into each value: one that is copied to another booking or column does not open. */
const contextOf = (name: keyof Sealed, bookingId: string): string => `booking.${name} ${bookingId}`;

const bytesOfText = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : Buffer.from(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
