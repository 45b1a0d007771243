import type { HandlerContext } from "@connectrpc/connect";
import { type Auth, callOf, isOperator, PlatformError } from "@dawr/rpc";
import type { Store } from "@dawr/store";
import type { ProviderState } from "../domain/standing.ts";
import { findProviders } from "../store/providers.ts";

/** What a caller may see. */
export type Sight = {
  /** Whether what belongs to a provider in this state is there for the caller. */
  sees(provider: SeenProvider): boolean;
  /** Whether the caller is of the house: a member, an operator, a service of the platform. */
  isInside(providerId: string): boolean;
};

type SeenProvider = { readonly id: string; readonly standing: { readonly state: ProviderState } };

/** Tells what the caller may see; strangers see what is published. Asks for memberships only of a signed-in person. */
export async function sightOf(context: HandlerContext, auth: Auth): Promise<Sight> {
  const { actor, workload } = callOf(context);
  const isEverywhere = workload !== undefined || (actor !== undefined && isOperator(actor));
  const own = new Set<string>();
  if (!isEverywhere && actor !== undefined) {
    for (const { provider } of await auth.memberships(actor.account)) own.add(provider);
  }
  const isInside = (providerId: string) => isEverywhere || own.has(`providers/${providerId}`);
  return { isInside, sees: ({ id, standing }) => standing.state === "PUBLISHED" || isInside(id) };
}

/** The ids of those of the providers that the caller may see. */
export async function visibleProviders(
  store: Store,
  sight: Sight,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const unique = [...new Set(ids)];
  // Who is inside sees them in any state.
  if (unique.every((id) => sight.isInside(id))) return new Set(unique);
  const found = await store.read((tx) => findProviders(tx, unique));
  return new Set(found.filter((provider) => sight.sees(provider)).map(({ id }) => id));
}

/** Refuses with NOT_FOUND, as if there were nothing, a provider that the caller may not see. */
export async function requireVisible(store: Store, sight: Sight, providerId: string, name: string): Promise<void> {
  const visible = await visibleProviders(store, sight, [providerId]);
  if (!visible.has(providerId)) throw new PlatformError("NOT_FOUND", { name });
}
