import type { DescService } from "@bufbuild/protobuf";
import { type ErrorLog, errorMapper } from "../errors/error-mapper.ts";
import type { ErrorTable } from "../errors/error-table.ts";
import { type OwnerOf, ownerByName } from "./access.ts";
import type { Auth } from "./auth.ts";
import { type Admit, type GuardedMethod, guardMethod } from "./guard-method.ts";
import type { Implementation } from "./implement.ts";
import { accessRuleOf } from "./rule.ts";

/** Guarded services, ready to be served and called in any way. */
export type Mounted = {
  /** The name of the service of the platform ("booking"). */
  readonly service: string;
  readonly services: readonly DescService[];
  /** By request path ("/dawr.booking.v1.BookingService/HoldSlot"). */
  readonly methods: ReadonlyMap<string, GuardedMethod>;
};

export type GuardOptions = {
  readonly service: string;
  readonly implementations: readonly Implementation[];
  readonly errors: readonly ErrorTable[];
  /** Whom a resource belongs to; by default what its name tells. */
  readonly ownerOf?: OwnerOf | undefined;
  readonly auth: Auth;
  readonly log: ErrorLog;
  /** For the public door: asks for a valid token where one is needed and leaves the rest to the service behind it. */
  readonly doorOnly?: boolean | undefined;
  readonly admit?: Admit | undefined;
};

/**
 * Puts the interceptors around handlers, outermost first: telemetry, errors, authentication, access rule, validation.
 * Throws when a method has no access rule in its contract.
 */
export function guard(options: GuardOptions): Mounted {
  const { auth, ownerOf = ownerByName, doorOnly, admit } = options;
  const toConnectError = errorMapper(options.errors, options.log);
  const methods = new Map<string, GuardedMethod>();
  for (const { service, methods: specs } of options.implementations) {
    for (const spec of specs) {
      const path = `/${service.typeName}/${spec.method.name}`;
      if (methods.has(path)) throw new Error(`${path} is implemented twice`);
      const rule = accessRuleOf(spec.method);
      methods.set(path, guardMethod(spec, rule, { auth, ownerOf, doorOnly, admit, toConnectError }));
    }
  }
  return { service: options.service, services: options.implementations.map((i) => i.service), methods };
}
