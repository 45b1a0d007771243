/** The signed-in person behind a call. */
export type Actor = {
  /** "accounts/{id}" */
  readonly account: string;
  readonly session: string;
  readonly roles: readonly string[];
  /** The token itself, for calls on the person's behalf. */
  readonly token: string;
};

/** What a person may do at a provider. */
export type Membership = {
  /** "providers/{id}" */
  readonly provider: string;
  readonly role: string;
  readonly permissions: readonly string[];
};
