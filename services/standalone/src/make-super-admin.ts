import { randomUUIDv7 } from "node:crypto";
import {
  type Administrator,
  createSuperAdmin,
  promoteToSuperAdmin,
  requireAddressAndName,
  requireNewPassword,
} from "@dawr/identity/admin";
import { openKeyRing } from "@dawr/store";
import { askPassword } from "./ask-password.ts";
import { requireTable, type VisitOptions, visitDatabase } from "./visit-database.ts";

/** Makes somebody a super-admin, asking for a password where they have no account yet; answers what came of it. */
export async function makeSuperAdmin(database: VisitOptions, who: Administrator): Promise<string> {
  requireAddressAndName(who);
  return await visitDatabase(database, async ({ env, keyFile, storeOf }) => {
    const store = await storeOf("identity");
    await requireTable(store, "account");
    const keys = await openKeyRing(keyFile);
    const deps = { store, keys, now: () => Temporal.Now.instant(), newId: randomUUIDv7, env };
    const known = await promoteToSuperAdmin(deps, who.email);
    if (known !== undefined) return `${known} is a super-admin now, with the password that it had.\n`;
    const password =
      database.given.DAWR_ADMIN_PASSWORD ?? (await askPassword((candidate) => requireNewPassword(candidate, who)));
    const made = await createSuperAdmin(deps, { ...who, password });
    return `${made} is a super-admin; log in as ${who.email}.\n`;
  });
}
