import type { Tx } from "@dawr/store";

/** A membership as messaging keeps it. */
export type Member = { readonly providerId: string; readonly accountId: string; readonly isOwner: boolean };

/** Keeps copies of memberships; the last one of the same member stands. */
export async function putMembers(tx: Tx, members: readonly Member[]): Promise<void> {
  if (members.length === 0) return;
  await tx.query(
    `insert into member (provider_id, account_id, is_owner)
     select * from unnest($1::uuid[], $2::uuid[], $3::boolean[])
     on conflict (provider_id, account_id) do update set is_owner = excluded.is_owner`,
    [
      members.map((member) => member.providerId),
      members.map((member) => member.accountId),
      members.map((member) => member.isOwner),
    ],
  );
}

/** Forgets a membership that ended. */
export async function removeMember(tx: Tx, providerId: string, accountId: string): Promise<void> {
  await tx.query("delete from member where provider_id = $1 and account_id = $2", [providerId, accountId]);
}

/** The accounts of a provider's owners. */
export async function ownersOf(tx: Tx, providerId: string): Promise<readonly string[]> {
  const rows = await tx.query<{ account_id: string }>(
    "select account_id from member where provider_id = $1 and is_owner order by account_id limit 20",
    [providerId],
  );
  return rows.map((row) => row.account_id);
}
