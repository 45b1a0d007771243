import { create } from "@bufbuild/protobuf";
import {
  AuthenticationService,
  type LogOutRequest,
  type LogOutResponse,
  LogOutResponseSchema,
} from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { SessionsRevoked_Reason } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { once } from "@dawr/store";
import { type Deps, holderOnce } from "../deps.ts";
import { sessionOfToken } from "../store/sessions.ts";
import { endSessions } from "./end-sessions.ts";

/** Ends the session of a refresh token; an unknown token has nothing to end. */
export const logOut =
  (deps: Deps) =>
  async (request: LogOutRequest): Promise<LogOutResponse> => {
    const { actor, options } = holderOnce(deps, request.refreshToken);
    return await once(
      deps.store,
      { actor, method: AuthenticationService.method.logOut, request },
      async (tx) => {
        const session = await sessionOfToken(tx, request.refreshToken);
        if (session !== undefined)
          await endSessions(tx, deps, session.account_id, session.id, SessionsRevoked_Reason.LOGGED_OUT);
        return create(LogOutResponseSchema);
      },
      options,
    );
  };
