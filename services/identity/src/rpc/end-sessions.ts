import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { append } from "@dawr/events";
import { type SessionsRevoked_Reason, SessionsRevokedSchema } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import type { Deps } from "../deps.ts";
import { accountName, sessionName } from "../names.ts";
import { nextVersion } from "../store/accounts.ts";
import { channels } from "../store/channels.ts";
import { revokeSessions } from "../store/sessions.ts";

/** Ends sessions of an account (all, or one) and tells every service to refuse their access tokens. (ID-04) */
export async function endSessions(
  tx: Tx,
  deps: Pick<Deps, "now" | "settings">,
  accountId: string,
  sessionId: string | undefined,
  reason: SessionsRevoked_Reason,
): Promise<void> {
  // The account's row orders the events of one account, and gives each its sequence.
  const sequence = await nextVersion(tx, accountId);
  const ended = await revokeSessions(tx, accountId, sessionId, deps.now());
  if (ended.length === 0 || sequence === undefined) return;
  const tokenExpireTime = deps.now().add(deps.settings.IDENTITY_ACCESS_LIFETIME);
  append(tx, [
    {
      schema: SessionsRevokedSchema,
      subject: accountName(accountId),
      key: accountId,
      sequence,
      message: create(SessionsRevokedSchema, {
        account: accountName(accountId),
        sessions: ended.map((id) => sessionName(accountId, id)),
        tokenExpireTime: timestampFromMs(tokenExpireTime.epochMilliseconds),
        reason,
      }),
    },
  ]);
  tx.notify(channels.sessionsRevoked, accountId);
}
