/** The parts of the name of what belongs to a provider: "providers/{p}/services/{s}" and its like. */
export type PartKey = { readonly providerId: string; readonly id: string };

/** The provider's id in a name that begins with "providers/{p}"; the contract's pattern has checked it before. */
export function providerIdOf(name: string): string {
  const [, id] = name.split("/", 2);
  if (id === undefined) throw new TypeError("not a name below a provider");
  return id;
}

/** The last part of a resource name: the resource's own id. */
export const idOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** Reads a name of the form "providers/{p}/…/{id}". */
export const parsePartName = (name: string): PartKey => ({ providerId: providerIdOf(name), id: idOf(name) });
