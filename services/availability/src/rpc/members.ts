import type { HandlerContext } from "@connectrpc/connect";
import { callOf, PlatformError } from "@dawr/rpc";
import { isPublished } from "../store/copies.ts";
import type { Deps } from "./deps.ts";
import { providerIdOf, providerName } from "./names.ts";

/** Whether the caller works at the provider. */
export async function isMemberOf({ auth }: Deps, context: HandlerContext, providerId: string): Promise<boolean> {
  const { actor } = callOf(context);
  if (!actor) return false;
  const memberships = await auth.memberships(actor.account);
  return memberships.some(({ provider }) => provider === providerName(providerId));
}

/** Lets anyone read what belongs to a published provider, and members and services also the rest. Error: NOT_FOUND. */
export async function mayRead(deps: Deps, context: HandlerContext, name: string): Promise<void> {
  const providerId = providerIdOf(name);
  if (callOf(context).workload !== undefined) return;
  if (await deps.store.read((tx) => isPublished(tx, providerId))) return;
  if (!(await isMemberOf(deps, context, providerId))) throw new PlatformError("NOT_FOUND", { name });
}
