import { create, type Message } from "@bufbuild/protobuf";
import { MembershipSchema } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { RegisterRequestSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import type { Running } from "@dawr/runtime";
import { demoAccounts, demoDependents } from "./demo-accounts.ts";
import { demoMarket } from "./market.ts";

const seed = 20260101;

/** Loads the demo market once; a start that was killed in the middle of it loads the rest. */
export async function seedMarket(running: Running, now: Temporal.Instant): Promise<void> {
  // Each database knows by itself: a data folder may be used with several.
  await running.importOnce(`demo market ${seed}`, () => resourcesOf(now));
}

function resourcesOf(now: Temporal.Instant): readonly Message[] {
  const market = demoMarket(seed, now);
  const people = demoAccounts.map(({ id, email, name, locale, password }) =>
    create(RegisterRequestSchema, {
      requestId: id,
      email,
      displayName: name,
      locale,
      password,
      birthDate: { year: 1990, month: 5, day: 4 },
    }),
  );
  const owner = demoAccounts[2];
  const membership = create(MembershipSchema, {
    name: `${market.ownedProvider}/members/${owner.id}`,
    account: `accounts/${owner.id}`,
    role: Role.PROVIDER,
  });
  return [...people, ...demoDependents, membership, ...market.resources];
}
