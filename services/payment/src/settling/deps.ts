import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { AskingRules } from "../domain/asking.ts";
import { PaymentError } from "../domain/errors.ts";
import type { Gateway } from "../gateways/gateway.ts";

/** What settling needs of the world. */
export type Deps = {
  readonly store: Store;
  readonly gateways: ReadonlyMap<string, Gateway>;
  readonly now: () => Temporal.Instant;
  /** UUIDv7. */
  readonly newId: () => string;
  readonly log: Logger;
  readonly rules: AskingRules;
};

/** The gateway of that name; throws GATEWAY_UNKNOWN. */
export function gatewayOf(deps: Pick<Deps, "gateways">, name: string): Gateway {
  const gateway = deps.gateways.get(name);
  if (gateway === undefined) throw new PaymentError("GATEWAY_UNKNOWN", { gateway: name });
  return gateway;
}
