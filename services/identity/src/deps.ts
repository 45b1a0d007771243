import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { callOf } from "@dawr/rpc";
import type { Host } from "@dawr/runtime";
import { type KeyRing, type OnceOptions, sealWith } from "@dawr/store";
import type { config } from "./config.ts";
import { comparableEmail } from "./domain/email.ts";
import { contexts } from "./store/encrypted-columns.ts";
import type { SigningKeys } from "./tokens/signing-keys.ts";

/** What identity's calls are made of. */
export type Deps = Pick<Host<typeof config>, "store" | "keys" | "now" | "newId" | "enqueue"> & {
  readonly settings: Host<typeof config>["config"];
  readonly signing: SigningKeys;
};

/** The keyed hash that an address is found by. */
export function emailIndexOf(keys: KeyRing, email: string): Uint8Array {
  return keys.blindIndex(comparableEmail(email), "identity.email");
}

/**
 * A keyed hash of what a request says. Repetitions are told apart by it where the request holds a password or a code: from
 * a plain hash whoever reads the table could guess those.
 */
export function fingerprintOf<S extends DescMessage>(keys: KeyRing, schema: S, request: MessageShape<S>): string {
  const said = Buffer.from(toBinary(schema, request)).toString("base64");
  return Buffer.from(keys.blindIndex(said, "identity.request")).toString("base64");
}

/**
 * Who repeats an authentication call, before anybody is known: the network address, hashed. The answer holds tokens, so it
 * is kept encrypted and only for the minute in which a client may not have received it.
 */
export function anonymousOnce(
  { keys }: Pick<Deps, "keys">,
  context: HandlerContext,
): { readonly actor: string; readonly options: OnceOptions } {
  return { actor: `peer:${hashOf(keys, callOf(context).peer, "identity.peer")}`, options: sealedForAMinute(keys) };
}

/** The same for the holder of a refresh token, who may come back over another network. */
export function holderOnce(
  { keys }: Pick<Deps, "keys">,
  refreshToken: string,
): { readonly actor: string; readonly options: OnceOptions } {
  return { actor: `token:${hashOf(keys, refreshToken, "identity.holder")}`, options: sealedForAMinute(keys) };
}

function hashOf(keys: KeyRing, value: string, context: string): string {
  return Buffer.from(keys.blindIndex(value, context)).toString("hex");
}

function sealedForAMinute(keys: KeyRing): OnceOptions {
  return { keepFor: Temporal.Duration.from({ seconds: 60 }), seal: sealWith(keys, contexts.answer) };
}
