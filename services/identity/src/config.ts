import { durationField, integerField } from "@dawr/config";

/** Identity's settings. */
export const config = {
  IDENTITY_MIN_AGE_YEARS: integerField(0, 120)
    .default(18)
    .describe("the age from which somebody may hold an account (ID-09)"),
  IDENTITY_CODE_LIFETIME: durationField()
    .default(Temporal.Duration.from("PT10M"))
    .describe("how long a one-time code is good"),
  IDENTITY_CODE_ATTEMPTS: integerField(1, 100).default(5).describe("how often a code may be tried"),
  IDENTITY_ACCESS_LIFETIME: durationField()
    .default(Temporal.Duration.from("PT15M"))
    .describe("how long an access token is good (ID-04)"),
  IDENTITY_REFRESH_LIFETIME: durationField()
    .default(Temporal.Duration.from("PT720H"))
    .describe("how long a refresh token is good (ID-04)"),
  IDENTITY_LOCK_AFTER: integerField(1, 1000).default(5).describe("the failed log-in that locks an address (ID-05)"),
  IDENTITY_FIRST_LOCK: durationField()
    .default(Temporal.Duration.from("PT1M"))
    .describe("how long the first lock holds"),
  IDENTITY_LONGEST_LOCK: durationField()
    .default(Temporal.Duration.from("PT24H"))
    .describe("how long a lock holds at most"),
  IDENTITY_KEY_USE: durationField()
    .default(Temporal.Duration.from("PT720H"))
    .describe("how long tokens are signed with one key"),
  IDENTITY_DEPENDENTS_PER_ACCOUNT: integerField(1, 1000)
    .default(50)
    .describe("dependents that one account may have (ID-08)"),
  IDENTITY_MAILS_PER_HOUR: integerField(1, 10_000)
    .default(10)
    .describe("mails with codes that one address gets in an hour at most"),
};
