/** What identity's transactions tell its processes when they commit; what is said is the account's id. */
export const channels = {
  sessionsRevoked: "identity_sessions_revoked",
  membershipsChanged: "identity_memberships_changed",
} as const;
