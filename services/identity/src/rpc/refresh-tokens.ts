import {
  AuthenticationService,
  type RefreshTokensRequest,
  type Tokens,
} from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { SessionsRevoked_Reason } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { once, replayed } from "@dawr/store";
import { type Deps, holderOnce } from "../deps.ts";
import { IdentityError } from "../domain/errors.ts";
import { findAccount } from "../store/accounts.ts";
import { redeemRefreshToken, type SessionRow, touchSession } from "../store/sessions.ts";
import { endSessions } from "./end-sessions.ts";
import { issueTokens } from "./start-session.ts";

/**
 * Exchanges a refresh token for new tokens. A token that is used again ends its session, since somebody else may hold it;
 * the same request within a minute gets the same answer, for its client may not have received it. (ID-04)
 */
export const refreshTokens =
  (deps: Deps) =>
  async (request: RefreshTokensRequest): Promise<Tokens> => {
    const { store, keys, now, settings, signing } = deps;
    const { actor, options } = holderOnce(deps, request.refreshToken);
    const call = { actor, method: AuthenticationService.method.refreshTokens, request };
    const known = await replayed(store, call, options);
    if (known !== undefined) return known;

    const key = await signing.current();
    try {
      return await once(
        store,
        call,
        async (tx) => {
          const redeemed = await redeemRefreshToken(tx, request.refreshToken, now());
          if (redeemed.kind === "reused") throw new Reused(redeemed.session);
          if (redeemed.kind === "unknown") throw new IdentityError("REFRESH_TOKEN_INVALID");
          const account = await findAccount(tx, keys, redeemed.session.account_id);
          if (account?.state !== "ACTIVE") throw new IdentityError("REFRESH_TOKEN_INVALID");
          await touchSession(tx, redeemed.session.id, now(), now().add(settings.IDENTITY_REFRESH_LIFETIME));
          return await issueTokens(tx, deps, account, { sessionId: redeemed.session.id, key });
        },
        options,
      );
    } catch (error) {
      if (!(error instanceof Reused)) throw error;
      const { account_id, id } = error.session;
      // The refusal rolls its transaction back; the session's end must stay.
      await store.transaction((tx) => endSessions(tx, deps, account_id, id, SessionsRevoked_Reason.TOKEN_REUSED));
      throw new IdentityError("REFRESH_TOKEN_INVALID", {}, { cause: error });
    }
  };

class Reused extends Error {
  override readonly name = "Reused";
  readonly session: SessionRow;

  constructor(session: SessionRow) {
    super("a refresh token was used twice");
    this.session = session;
  }
}
