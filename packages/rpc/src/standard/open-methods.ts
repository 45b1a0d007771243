import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec } from "@connectrpc/connect";
import { errorMapper } from "../errors/error-mapper.ts";
import { ownerByName } from "../guard/access.ts";
import type { Auth } from "../guard/auth.ts";
import { type GuardedMethod, guardMethod } from "../guard/guard-method.ts";
import { anyoneRule } from "../guard/rule.ts";

/** Guards the methods of a standard service, which anyone may call and whose contract has no rule of ours. */
export function openMethods(service: DescService, impl: Readonly<Record<string, unknown>>): readonly GuardedMethod[] {
  // The descriptor was built at run time, so no type says what its handlers take.
  const spec = createServiceImplSpec(service, impl as never);
  const options = { auth: nobody, ownerOf: ownerByName, toConnectError: errorMapper([], silent) };
  return Object.values(spec.methods).map((method) => guardMethod(method, anyoneRule, options));
}

// These services tell nobody anything by who they are, so tokens are not even looked at.
const nobody: Auth = {
  verifyUser: async (token) => ({ account: "", session: "", roles: [], token }),
  verifyWorkload: async () => "",
  memberships: async () => [],
  revokeSession: () => undefined,
};
const silent = { error: () => undefined };
