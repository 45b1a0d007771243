import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { append } from "@dawr/events";
import {
  AccountRegisteredSchema,
  ContactVerified_Kind,
  ContactVerifiedSchema,
} from "@dawr/gen/dawr/identity/v1/events_pb.js";
import type { Tx } from "@dawr/store";
import { accountName } from "../names.ts";
import type { Account } from "../store/accounts.ts";

/** Tells others that somebody registered and that their address is proven: the first two events of an account. */
export async function tellOfRegistration(tx: Tx, account: Account): Promise<void> {
  const name = accountName(account.id);
  const time = timestampFromMs(account.createTime.epochMilliseconds);
  const about = { subject: name, key: account.id };
  append(tx, [
    {
      ...about,
      sequence: 1n,
      schema: AccountRegisteredSchema,
      message: create(AccountRegisteredSchema, { account: name, locale: account.locale, registerTime: time }),
    },
    {
      ...about,
      sequence: 2n,
      schema: ContactVerifiedSchema,
      message: create(ContactVerifiedSchema, { account: name, kind: ContactVerified_Kind.EMAIL, verifyTime: time }),
    },
  ]);
}
