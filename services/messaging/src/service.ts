import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { DeliveryService } from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { NotificationService } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { implement } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { metrics } from "@opentelemetry/api";
import { smtpChannel } from "./channels/smtp.ts";
import { config } from "./config.ts";
import { bookingConsumer } from "./events/booking-consumer.ts";
import { importMembers, memberConsumer } from "./events/member-consumer.ts";
import { paymentConsumer } from "./events/payment-consumer.ts";
import { deliver } from "./rpc/deliver.ts";
import { errors } from "./rpc/errors.ts";
import { listNotifications } from "./rpc/list-notifications.ts";
import { markSeenRpc } from "./rpc/mark-seen.ts";
import { watchNotifications } from "./rpc/watch-notifications.ts";
import { prepareSteps } from "./sending/prepare.ts";
import { pruneJob } from "./sending/prune.ts";
import { replayJob, type SendDeps, sendSteps } from "./sending/send.ts";
import { encryptedColumns } from "./store/encrypted-columns.ts";

/** What is said, to whom, when: notifications in the app and by e-mail. */
export const messaging = defineService({
  name: "messaging",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  encrypted: encryptedColumns,
  errors,
  start(host) {
    const { store, keys, now, newId, log, config: settings } = host;
    const people = host.client(KeyService);
    const email = smtpChannel({
      url: settings.SMTP_URL,
      from: settings.MAIL_FROM,
      maxConnections: settings.SMTP_CONNECTIONS,
      connectTimeout: settings.SMTP_CONNECT_TIMEOUT,
      timeout: settings.SMTP_TIMEOUT,
    });
    const attempts = metrics.getMeter("@dawr/messaging").createCounter("dawr.messaging.attempts", {
      description: "attempts to send a message, by what they came to",
    });
    const wishing = { keys, now, newId };
    const sending: SendDeps = {
      store,
      keys,
      now,
      log,
      email,
      concurrency: settings.SMTP_CONNECTIONS,
      rule: {
        first: settings.MESSAGING_RETRY,
        limit: settings.MESSAGING_RETRY_LIMIT,
        attempts: settings.MESSAGING_ATTEMPTS,
      },
      count: (outcome) => attempts.add(1, { channel: "EMAIL", outcome }),
    };
    return {
      implementations: [
        implement(DeliveryService, { deliver: deliver({ ...wishing, store, people }) }),
        implement(NotificationService, {
          listNotifications: listNotifications({ store, keys }),
          markSeen: markSeenRpc({ store, now }),
          watchNotifications: watchNotifications({ store, keys }),
        }),
      ],
      consumers: [bookingConsumer(wishing), paymentConsumer(wishing), memberConsumer()],
      steps: [
        prepareSteps({
          store,
          keys,
          now,
          people,
          providers: host.client(ProviderService),
          sender: senderName(settings.MAIL_FROM),
          bookingLink: settings.MESSAGING_BOOKING_LINK,
        }),
        sendSteps(sending),
      ],
      jobs: [replayJob(sending), pruneJob(store, now, settings.MESSAGING_KEEP)],
      // A mail server that is away delays messages; it is no reason to take none.
      checks: [{ name: "mail", required: false, check: () => email.check() }],
      stop: async () => email.close(),
    };
  },
  importResources: importMembers,
});

/** The name in "Name <address>", or the address. */
function senderName(from: string): string {
  return /^\s*"?([^"<]*[^"<\s])"?\s*</.exec(from)?.[1] ?? from;
}
