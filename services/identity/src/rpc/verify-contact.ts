import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthenticationService,
  type VerifyContactRequest,
  VerifyContactRequestSchema,
  type VerifyContactResponse,
  VerifyContactResponseSchema,
} from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { once, replayed } from "@dawr/store";
import { codeMatcher } from "../codes.ts";
import { anonymousOnce, type Deps, emailIndexOf, fingerprintOf } from "../deps.ts";
import { IdentityError } from "../domain/errors.ts";
import { tellOfRegistration } from "../events/tell-of-registration.ts";
import { idOf } from "../names.ts";
import { type Account, findAccountByEmail, insertAccount } from "../store/accounts.ts";
import { lockAddress } from "../store/failures.ts";
import { deleteRegistrations, tryRegistrationCode } from "../store/registrations.ts";

/** Makes an account of the registration whose code is shown. (ID-01) */
export const verifyContact =
  (deps: Deps) =>
  async (request: VerifyContactRequest, context: HandlerContext): Promise<VerifyContactResponse> => {
    const { store, keys, now, settings } = deps;
    const { actor, options } = anonymousOnce(deps, context);
    const told = { requestId: request.requestId, email: fingerprintOf(keys, VerifyContactRequestSchema, request) };
    const call = {
      actor,
      method: AuthenticationService.method.verifyContact,
      request: create(VerifyContactRequestSchema, told),
    };
    const known = await replayed(store, call, options);
    if (known !== undefined) return known;

    const emailIndex = emailIndexOf(keys, request.email);
    const limits = { attempts: settings.IDENTITY_CODE_ATTEMPTS, at: now() };
    const wanted = { id: idOf(request.registration), emailIndex };
    // In a transaction of its own: a try counts, whatever comes of it.
    const registration = await store.transaction((tx) =>
      tryRegistrationCode(tx, keys, wanted, codeMatcher(keys, request.code), limits),
    );
    if (registration === undefined) {
      // The same request, sent twice at once: the other one may have used the code by now.
      const meanwhile = await replayed(store, call, options);
      if (meanwhile !== undefined) return meanwhile;
      throw new IdentityError("CODE_INVALID");
    }
    return await once(
      store,
      call,
      async (tx) => {
        await lockAddress(tx, emailIndex);
        const ended = await deleteRegistrations(tx, emailIndex);
        // Another registration of the address may have become the account meanwhile.
        if (!ended.includes(registration.id) || (await findAccountByEmail(tx, keys, emailIndex)) !== undefined)
          throw new IdentityError("CODE_INVALID");
        const at = now();
        const account: Account = {
          ...registration,
          version: 2n,
          state: "ACTIVE",
          emailVerifyTime: at,
          roles: ["customer"],
          createTime: at,
          updateTime: at,
        };
        await insertAccount(tx, keys, account, emailIndex);
        await tellOfRegistration(tx, account);
        return create(VerifyContactResponseSchema);
      },
      options,
    );
  };
