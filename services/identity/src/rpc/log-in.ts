import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthenticationService,
  type LogInRequest,
  LogInRequestSchema,
  type LogInResponse,
  LogInResponseSchema,
} from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { once, replayed, type Tx } from "@dawr/store";
import { codeMatcher } from "../codes.ts";
import { anonymousOnce, type Deps, emailIndexOf, fingerprintOf } from "../deps.ts";
import { IdentityError } from "../domain/errors.ts";
import { afterFailure, type Failures, isLocked } from "../domain/lockout.ts";
import { verifyPassword } from "../passwords/hash.ts";
import { type Account, findAccount, findAccountByEmail } from "../store/accounts.ts";
import { tryCode, useCode } from "../store/codes.ts";
import { clearFailures, lockFailures, readFailures, saveFailures } from "../store/failures.ts";
import { latestPassword } from "../store/registrations.ts";
import { startSession } from "./start-session.ts";

/**
 * Logs a person in by password or one-time code. Addresses without an account fail, and lock, just the same. The lock is
 * looked at again when the outcome is written, one caller at a time: many guesses at once gain nothing. (ID-02, ID-05)
 */
export const logIn =
  (deps: Deps) =>
  async (request: LogInRequest, context: HandlerContext): Promise<LogInResponse> => {
    const { store, keys, now, signing } = deps;
    const { actor, options } = anonymousOnce(deps, context);
    const told = { requestId: request.requestId, deviceName: fingerprintOf(keys, LogInRequestSchema, request) };
    const call = { actor, method: AuthenticationService.method.logIn, request: create(LogInRequestSchema, told) };
    const known = await replayed(store, call, options);
    if (known !== undefined) return known;

    const emailIndex = emailIndexOf(keys, request.email);
    const { account, begun } = await store.read(async (tx) => {
      requireUnlocked(await readFailures(tx, emailIndex), now());
      return {
        account: await findAccountByEmail(tx, keys, emailIndex),
        begun: await latestPassword(tx, emailIndex, now()),
      };
    });
    if (!(await isProven(deps, request, account)) || account === undefined) {
      // The same request, sent twice at once: the other one may have used the code by now.
      const meanwhile = await replayed(store, call, options);
      if (meanwhile !== undefined) return meanwhile;
      await store.transaction((tx) => countFailure(tx, deps, emailIndex));
      throw await refusalOf(request, begun);
    }

    const key = await signing.current();
    return await once(
      store,
      call,
      async (tx) => {
        requireUnlocked(await lockFailures(tx, emailIndex), now());
        const present = await findAccount(tx, keys, account.id, "lock");
        if (present?.state === "SUSPENDED") throw new IdentityError("ACCOUNT_SUSPENDED");
        if (present?.state !== "ACTIVE") throw new IdentityError("CREDENTIALS_INVALID");
        if (request.credential.case === "code" && !(await useCode(tx, account.id, "LOG_IN")))
          throw new IdentityError("CREDENTIALS_INVALID");
        await clearFailures(tx, emailIndex);
        const tokens = await startSession(tx, deps, present, { deviceName: request.deviceName, key });
        return create(LogInResponseSchema, { outcome: { case: "tokens", value: tokens } });
      },
      options,
    );
  };

function requireUnlocked(failures: Failures, at: Temporal.Instant): void {
  if (isLocked(failures, at))
    throw new IdentityError("ACCOUNT_LOCKED", { retry_time: failures.lockUntil?.toString() ?? "" });
}

async function isProven(deps: Deps, { credential }: LogInRequest, account: Account | undefined): Promise<boolean> {
  const { store, keys, now, settings } = deps;
  if (credential.case === "password") return await verifyPassword(credential.value, account?.passwordHash);
  if (credential.case !== "code" || account === undefined) return false;
  const limits = { attempts: settings.IDENTITY_CODE_ATTEMPTS, at: now() };
  const { value } = credential;
  // In a transaction of its own: a try counts, whatever comes of it.
  return await store.transaction((tx) => tryCode(tx, account.id, "LOG_IN", codeMatcher(keys, value), limits));
}

async function countFailure(tx: Tx, { now, settings }: Deps, emailIndex: Uint8Array): Promise<void> {
  const before = await lockFailures(tx, emailIndex);
  requireUnlocked(before, now());
  const failures = afterFailure(before, now(), {
    allowedFailures: settings.IDENTITY_LOCK_AFTER,
    firstLock: settings.IDENTITY_FIRST_LOCK,
    longestLock: settings.IDENTITY_LONGEST_LOCK,
  });
  await saveFailures(tx, emailIndex, failures, now());
}

/** Only who knows the password of a registration learns that there is one; whether an account exists makes no difference. */
async function refusalOf({ credential }: LogInRequest, begunPassword: string | undefined): Promise<IdentityError> {
  const isRegistering =
    begunPassword !== undefined &&
    credential.case === "password" &&
    (await verifyPassword(credential.value, begunPassword));
  return new IdentityError(isRegistering ? "CONTACT_NOT_VERIFIED" : "CREDENTIALS_INVALID");
}
