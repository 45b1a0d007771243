import { AccessService } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { headerNames, type PlatformAuth } from "@dawr/rpc";
import { addStep, type Host, type StepRunner, stepRunner } from "@dawr/runtime";
import { derivedRequestId, type Store, type Tx } from "@dawr/store";

const runner = "catalog.owner";

/** Who is to own which provider. */
export type Ownership = { readonly providerId: string; readonly account: string };

/** Stores the step that makes somebody the owner of a provider. */
export async function storeOwnerStep(tx: Tx, { providerId, account }: Ownership): Promise<void> {
  addStep(tx, { runner, key: providerId, name: "create-member", payload: { account } });
}

/** Runs those steps: identity keeps who belongs to a provider, so it is asked to, as often as it takes. */
export function ownerSteps(deps: {
  readonly store: Store;
  readonly auth: PlatformAuth;
  readonly client: Host["client"];
}): StepRunner {
  return stepRunner({
    name: runner,
    async run(step) {
      const account = accountOf(step.payload);
      await deps.client(AccessService).createMember(
        {
          parent: `providers/${step.key}`,
          membership: { account, role: Role.PROVIDER },
          requestId: derivedRequestId(step.id, "create-member"),
        },
        { signal: step.signal, headers: { [headerNames.causedBy]: account } },
      );
      // Who created a provider goes on at once: what was remembered of them is out of date.
      deps.auth.forgetMemberships(account);
      await deps.store.transaction((tx) => step.done(tx));
    },
  });
}

function accountOf(payload: unknown): string {
  if (typeof payload === "object" && payload !== null && "account" in payload && typeof payload.account === "string") {
    return payload.account;
  }
  throw new TypeError("the step names no account");
}
