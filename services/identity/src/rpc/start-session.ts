import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Tokens, TokensSchema } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import type { Tx } from "@dawr/store";
import type { Deps } from "../deps.ts";
import { accountName, sessionName } from "../names.ts";
import type { Account } from "../store/accounts.ts";
import { contexts } from "../store/encrypted-columns.ts";
import { insertSession, issueRefreshToken } from "../store/sessions.ts";
import { signAccessToken } from "../tokens/access-token.ts";
import type { PrivateKey } from "../tokens/signing-keys.ts";

/** Starts a session for an account and issues its first tokens. */
export async function startSession(
  tx: Tx,
  deps: Deps,
  account: Account,
  { deviceName, key }: { readonly deviceName: string; readonly key: PrivateKey },
): Promise<Tokens> {
  const at = deps.now();
  const id = deps.newId();
  await insertSession(tx, {
    id,
    account_id: account.id,
    device_name: deps.keys.encrypt(deviceName, contexts.deviceName),
    last_use_time: at,
    expire_time: at.add(deps.settings.IDENTITY_REFRESH_LIFETIME),
    create_time: at,
  });
  return await issueTokens(tx, deps, account, { sessionId: id, key });
}

/** Issues an access token and a refresh token for a session. The key was fetched before: a transaction holds a connection and
 * must not wait for another. (ID-04) */
export async function issueTokens(
  tx: Tx,
  deps: Deps,
  account: Account,
  { sessionId, key }: { readonly sessionId: string; readonly key: PrivateKey },
): Promise<Tokens> {
  const { settings, now } = deps;
  const at = now();
  const accessExpireTime = at.add(settings.IDENTITY_ACCESS_LIFETIME);
  const refreshExpireTime = at.add(settings.IDENTITY_REFRESH_LIFETIME);
  const session = sessionName(account.id, sessionId);
  const claims = {
    account: accountName(account.id),
    session,
    roles: account.roles,
    issueTime: at,
    expireTime: accessExpireTime,
  };
  const refreshToken = await issueRefreshToken(tx, sessionId, refreshExpireTime);
  return create(TokensSchema, {
    accessToken: await signAccessToken(claims, key),
    accessExpireTime: timestampFromMs(accessExpireTime.epochMilliseconds),
    refreshToken,
    refreshExpireTime: timestampFromMs(refreshExpireTime.epochMilliseconds),
    account: claims.account,
    session,
  });
}
