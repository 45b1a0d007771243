/** The last part of a resource name: the resource's own id. */
export const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** "providers/{p}" of "providers/{p}/…". */
export const providerOf = (name: string): string => name.split("/").slice(0, 2).join("/");

/** "accounts/{a}/notifications/{n}", or "notifications/{n}" for an address without an account. */
export function notificationName(accountId: string | null, id: string): string {
  return accountId === null ? `notifications/${id}` : `accounts/${accountId}/notifications/${id}`;
}
