import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthenticationService,
  type RegisterRequest,
  RegisterRequestSchema,
  type RegisterResponse,
  RegisterResponseSchema,
} from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { callOf } from "@dawr/rpc";
import { once, replayed, type Tx } from "@dawr/store";
import { codeHashOf, newCode } from "../codes.ts";
import { anonymousOnce, type Deps, emailIndexOf, fingerprintOf } from "../deps.ts";
import { requireAge } from "../domain/age.ts";
import { sendMail } from "../jobs/deliver-message.ts";
import { registrationName } from "../names.ts";
import { hashPassword } from "../passwords/hash.ts";
import { requireStrongPassword } from "../passwords/strength.ts";
import { findAccountByEmail } from "../store/accounts.ts";
import { countMail } from "../store/address-mails.ts";
import { insertRegistration, type Registration } from "../store/registrations.ts";

/**
 * Notes somebody's wish to register and sends a code to the address; nothing is an account before the code proves the
 * address. An address that has an account gets a mail that says so, and the answer is the same. (ID-01, ID-05, ID-09)
 */
export const register =
  (deps: Deps) =>
  async (request: RegisterRequest, context: HandlerContext): Promise<RegisterResponse> => {
    const { store, keys, now, settings } = deps;
    const { actor, options } = anonymousOnce(deps, context);
    const told = { requestId: request.requestId, displayName: fingerprintOf(keys, RegisterRequestSchema, request) };
    const call = { actor, method: AuthenticationService.method.register, request: create(RegisterRequestSchema, told) };
    const known = await replayed(store, call, options);
    if (known !== undefined) return known;

    const { year = 0, month = 0, day = 0 } = request.birthDate ?? {};
    const birthDate = Temporal.PlainDate.from({ year, month, day });
    requireAge(birthDate, now().toZonedDateTimeISO("UTC").toPlainDate(), settings.IDENTITY_MIN_AGE_YEARS);
    const { email, displayName } = request;
    await requireStrongPassword(request.password, [email, displayName]);
    const passwordHash = await hashPassword(request.password);
    const locale = request.locale === "" ? callOf(context).locale : request.locale;

    return await once(
      store,
      call,
      async (tx) => {
        const expireTime = now().add(settings.IDENTITY_CODE_LIFETIME);
        const registration = { id: deps.newId(), email, displayName, passwordHash, birthDate, locale };
        if (await countMail(tx, emailIndexOf(keys, email), now(), settings.IDENTITY_MAILS_PER_HOUR))
          await noteAndMail(tx, deps, registration, expireTime);
        return create(RegisterResponseSchema, {
          codeExpireTime: timestampFromMs(expireTime.epochMilliseconds),
          registration: registrationName(registration.id),
        });
      },
      options,
    );
  };

async function noteAndMail(
  tx: Tx,
  deps: Deps,
  registration: Registration,
  expireTime: Temporal.Instant,
): Promise<void> {
  const { keys } = deps;
  const emailIndex = emailIndexOf(keys, registration.email);
  const account = await findAccountByEmail(tx, keys, emailIndex);
  const code = newCode();
  // Where there is an account the registration has a code that nobody can show: all else goes on as for anybody.
  const codeHash = account === undefined ? codeHashOf(keys, code) : randomBytes(32);
  await insertRegistration(tx, keys, registration, { emailIndex, codeHash, expireTime });
  await sendMail(
    tx,
    deps,
    account === undefined
      ? {
          email: registration.email,
          template: "verification-code",
          locale: registration.locale,
          arguments: { code, name: registration.displayName },
          expireTime,
        }
      : {
          email: account.email,
          template: "account-exists",
          locale: account.locale,
          arguments: { name: account.displayName },
          expireTime,
        },
  );
}
