/** "accounts/{a}" */
export const accountName = (id: string): string => `accounts/${id}`;

/** "accounts/{a}/sessions/{s}" */
export const sessionName = (accountId: string, id: string): string => `accounts/${accountId}/sessions/${id}`;

/** "registrations/{r}" */
export const registrationName = (id: string): string => `registrations/${id}`;

/** "accounts/{a}/dependents/{d}" */
export const dependentName = ({ accountId, id }: { readonly accountId: string; readonly id: string }): string =>
  `accounts/${accountId}/dependents/${id}`;

/** Reads "accounts/{a}/dependents/{d}"; the contract's pattern has checked it before. */
export function parseDependentName(name: string): { readonly accountId: string; readonly id: string } {
  return { accountId: ownerIdOf(name), id: idOf(name) };
}

/** The last part of a resource name. */
export const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** The id of the account or provider that a name begins with. */
export function ownerIdOf(name: string): string {
  const id = name.split("/")[1];
  if (id === undefined) throw new TypeError("not a resource name");
  return id;
}
