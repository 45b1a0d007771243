import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthenticationService,
  CodePurpose,
  type SendCodeRequest,
  SendCodeRequestSchema,
  type SendCodeResponse,
  SendCodeResponseSchema,
} from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { once, type Tx } from "@dawr/store";
import { codeHashOf, newCode } from "../codes.ts";
import { anonymousOnce, type Deps, emailIndexOf, fingerprintOf } from "../deps.ts";
import { sendMail } from "../jobs/deliver-message.ts";
import { idOf } from "../names.ts";
import { findAccountByEmail } from "../store/accounts.ts";
import { countMail } from "../store/address-mails.ts";
import { putCode } from "../store/codes.ts";
import { findRegistration, renewRegistrationCode } from "../store/registrations.ts";

/** Sends a one-time code where there is somebody to send it to; the answer is the same for everybody. (ID-01, ID-05) */
export const sendCode =
  (deps: Deps) =>
  async (request: SendCodeRequest, context: HandlerContext): Promise<SendCodeResponse> => {
    const { store, keys, now, settings } = deps;
    const { actor, options } = anonymousOnce(deps, context);
    const told = { requestId: request.requestId, email: fingerprintOf(keys, SendCodeRequestSchema, request) };
    const call = { actor, method: AuthenticationService.method.sendCode, request: create(SendCodeRequestSchema, told) };
    return await once(
      store,
      call,
      async (tx) => {
        const expireTime = now().add(settings.IDENTITY_CODE_LIFETIME);
        if (await countMail(tx, emailIndexOf(keys, request.email), now(), settings.IDENTITY_MAILS_PER_HOUR)) {
          if (request.purpose === CodePurpose.LOG_IN) await sendLogInCode(tx, deps, request.email, expireTime);
          else await sendVerificationCode(tx, deps, request, expireTime);
        }
        return create(SendCodeResponseSchema, { codeExpireTime: timestampFromMs(expireTime.epochMilliseconds) });
      },
      options,
    );
  };

async function sendLogInCode(tx: Tx, deps: Deps, email: string, expireTime: Temporal.Instant): Promise<void> {
  const account = await findAccountByEmail(tx, deps.keys, emailIndexOf(deps.keys, email));
  if (account?.state !== "ACTIVE") return;
  const code = newCode();
  await putCode(tx, account.id, "LOG_IN", codeHashOf(deps.keys, code), expireTime);
  const { locale, displayName } = account;
  await sendMail(tx, deps, {
    email: account.email,
    template: "log-in-code",
    locale,
    arguments: { code, name: displayName },
    expireTime,
  });
}

async function sendVerificationCode(
  tx: Tx,
  deps: Deps,
  { email, registration: name }: SendCodeRequest,
  expireTime: Temporal.Instant,
): Promise<void> {
  const emailIndex = emailIndexOf(deps.keys, email);
  const registration = name === "" ? undefined : await findRegistration(tx, deps.keys, { id: idOf(name), emailIndex });
  // Whoever has an account was told so when somebody registered with its address.
  if (registration === undefined || (await findAccountByEmail(tx, deps.keys, emailIndex)) !== undefined) return;
  const code = newCode();
  await renewRegistrationCode(tx, registration.id, codeHashOf(deps.keys, code), expireTime);
  await sendMail(tx, deps, {
    email,
    template: "verification-code",
    locale: registration.locale,
    arguments: { code, name: registration.displayName },
    expireTime,
  });
}
