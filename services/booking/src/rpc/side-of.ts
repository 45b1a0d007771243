import type { HandlerContext } from "@connectrpc/connect";
import { type Auth, requireActor } from "@dawr/rpc";
import type { Booking, Side } from "../domain/booking.ts";

/** On whose behalf a person acts: their own, the provider's that they are a member of, or the platform's. */
export async function sideOf(auth: Auth, booking: Booking, context: HandlerContext): Promise<Side> {
  const { account } = requireActor(context);
  if (account === `accounts/${booking.customerId}`) return "CUSTOMER";
  const memberships = await auth.memberships(account);
  return memberships.some(({ provider }) => provider === `providers/${booking.providerId}`) ? "PROVIDER" : "PLATFORM";
}
