import { isMessage, type Message } from "@bufbuild/protobuf";
import { type Consumer, defineConsumer, on, UnprocessableEvent } from "@dawr/events";
import { type Membership, MembershipSchema } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { MembershipChangedSchema } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import { idOf, providerOf } from "../names.ts";
import { type Member, putMembers, removeMember } from "../store/members.ts";

/** Keeps a copy of who owns which provider, to tell them of their bookings. */
export function memberConsumer(): Consumer {
  return defineConsumer({
    name: "messaging.members",
    from: "identity",
    projection: true,
    handlers: [
      on(MembershipChangedSchema, async (tx, { membership, removed }) => {
        if (membership === undefined) throw new UnprocessableEvent("the event has no membership");
        const member = memberOf(membership);
        if (removed) await removeMember(tx, member.providerId, member.accountId);
        else await putMembers(tx, [member]);
      }),
    ],
  });
}

/** Takes the memberships among whole resources. */
export async function importMembers(tx: Tx, resources: readonly Message[]): Promise<void> {
  const memberships = resources.filter((resource): resource is Membership => isMessage(resource, MembershipSchema));
  await putMembers(tx, [...new Map(memberships.map((membership) => [membership.name, memberOf(membership)])).values()]);
}

// "providers/{p}/members/{account id}"
function memberOf({ name, role }: Membership): Member {
  return { providerId: idOf(providerOf(name)), accountId: idOf(name), isOwner: role === Role.PROVIDER };
}
