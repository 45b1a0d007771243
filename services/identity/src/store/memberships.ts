import type { Tx } from "@dawr/store";
import type { MemberRole } from "../domain/permissions.ts";

/** What an account is at a provider. */
export type MembershipRow = {
  readonly provider_id: string;
  readonly account_id: string;
  readonly role: MemberRole;
  readonly create_time: Temporal.Instant;
  readonly update_time: Temporal.Instant;
};

const columns = "provider_id, account_id, role, create_time, update_time";

/** Makes an account a member, or gives a member another role. */
export async function putMembership(
  tx: Tx,
  providerId: string,
  accountId: string,
  role: MemberRole,
  at: Temporal.Instant,
): Promise<MembershipRow> {
  const [row] = await tx.query<MembershipRow>(
    `insert into membership (${columns}) values ($1, $2, $3, $4, $4)
     on conflict (provider_id, account_id) do update set role = $3, update_time = $4
     returning ${columns}`,
    [providerId, accountId, role, at],
  );
  if (row === undefined) throw new Error("an upsert answered no row");
  return row;
}

/** Makes many members at once, for the bulk load. */
export async function putMemberships(
  tx: Tx,
  members: readonly { readonly providerId: string; readonly accountId: string; readonly role: MemberRole }[],
  at: Temporal.Instant,
): Promise<void> {
  await tx.query(
    `insert into membership (${columns})
     select provider_id, account_id, role, $4, $4 from unnest($1::uuid[], $2::uuid[], $3::text[]) as m (provider_id, account_id, role)
     on conflict (provider_id, account_id) do update set role = excluded.role, update_time = excluded.update_time`,
    [members.map((m) => m.providerId), members.map((m) => m.accountId), members.map((m) => m.role), at],
  );
}

/** Locks the members of a provider and lists them. */
export async function lockMembers(tx: Tx, providerId: string): Promise<readonly MembershipRow[]> {
  return await tx.query<MembershipRow>(
    `select ${columns} from membership where provider_id = $1 order by account_id for update`,
    [providerId],
  );
}

/** Removes a member. */
export async function deleteMembership(tx: Tx, providerId: string, accountId: string): Promise<void> {
  await tx.query("delete from membership where provider_id = $1 and account_id = $2", [providerId, accountId]);
}

/** Lists memberships of an account, by provider, after one. */
export async function listByAccount(
  tx: Tx,
  accountId: string,
  afterId: string | undefined,
  limit: number,
): Promise<readonly MembershipRow[]> {
  return await tx.query<MembershipRow>(
    `select ${columns} from membership where account_id = $1 and ($2::uuid is null or provider_id > $2) order by provider_id limit $3`,
    [accountId, afterId ?? null, limit],
  );
}

/** Lists members of a provider, by account, after one. */
export async function listByProvider(
  tx: Tx,
  providerId: string,
  afterId: string | undefined,
  limit: number,
): Promise<readonly MembershipRow[]> {
  return await tx.query<MembershipRow>(
    `select ${columns} from membership where provider_id = $1 and ($2::uuid is null or account_id > $2) order by account_id limit $3`,
    [providerId, afterId ?? null, limit],
  );
}
