import type { Message } from "@bufbuild/protobuf";
import type { Unit } from "./unit.ts";

/**
 * Gives a service resources in bulk, in one transaction; nothing happens when it takes none. With a name, the service
 * remembers that it has them, and they are not even made again.
 */
export async function importInto(
  { definition, host }: Pick<Unit, "definition" | "host">,
  resources: () => readonly Message[],
  name?: string,
): Promise<void> {
  const { importResources } = definition;
  if (importResources === undefined) return;
  await host.store.transaction(async (tx) => {
    if (name !== undefined) {
      const statement = "insert into bulk_import (name) values ($1) on conflict do nothing returning name";
      if ((await tx.query(statement, [name])).length === 0) return;
    }
    await importResources(tx, resources(), host);
  });
}
