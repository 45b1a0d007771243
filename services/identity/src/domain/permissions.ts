/** What somebody is at one provider. */
export type MemberRole = "PROVIDER" | "STAFF";

const ofStaff = [
  "availability.read",
  "bookings.read",
  "bookings.write",
  "clients.read",
  "provider.read",
  "schedule.read",
] as const;

const ofOwners = [
  ...ofStaff,
  "bookings.cancel",
  "members.read",
  "members.write",
  "menu.write",
  "payments.read",
  "payments.refund",
  "policy.write",
  "provider.write",
  "resources.write",
  "reviews.reply",
  "schedule.write",
  "settlements.read",
  "staff.write",
] as const;

/** What a role lets its holder do at the provider. (ID-07) */
export function permissionsOf(role: MemberRole): readonly string[] {
  return role === "PROVIDER" ? ofOwners : ofStaff;
}

/** The platform's roles as they stand in tokens; those of operators may only be granted by a super-admin. (ID-07) */
export const operatorRoles: ReadonlySet<string> = new Set(["support", "admin", "super-admin"]);
