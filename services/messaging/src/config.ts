import { durationField, integerField, secret, textField, urlField } from "@dawr/config";

const seconds = (count: number) => Temporal.Duration.from({ seconds: count });

/** Messaging's settings. */
export const config = {
  SMTP_URL: secret(urlField("smtp", "smtps"))
    .default("smtp://127.0.0.1:1025")
    .describe("the mail server, with user and password if it wants them"),
  MAIL_FROM: textField().default("Dawr <no-reply@dawr.example>").describe("whom mails come from"),
  SMTP_CONNECTIONS: integerField(1, 100).default(4).describe("connections to the mail server at most"),
  SMTP_CONNECT_TIMEOUT: durationField().default(seconds(10)).describe("how long to wait for the mail server to answer"),
  SMTP_TIMEOUT: durationField()
    .default(seconds(30))
    .describe("how long the mail server may be silent; an attempt as a whole ends after five times as long"),
  MESSAGING_RETRY: durationField().default(seconds(2)).describe("pause after the first failed attempt; doubles"),
  MESSAGING_RETRY_LIMIT: durationField()
    .default(Temporal.Duration.from({ minutes: 30 }))
    .describe("longest pause between two attempts"),
  MESSAGING_ATTEMPTS: integerField(1, 1_000)
    .default(200)
    .describe("refused attempts before a message is given up; those that found no server do not count"),
  MESSAGING_BOOKING_LINK: textField()
    .default("http://localhost:8080/b/{booking}")
    .describe("where people see a booking; {booking} becomes its id"),
  MESSAGING_KEEP: durationField()
    .default(Temporal.Duration.from({ hours: 365 * 24 }))
    .describe("how long notifications are kept"),
};
