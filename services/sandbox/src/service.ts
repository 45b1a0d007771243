import { defineErrors } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { delaySteps } from "./charging/delays.ts";
import type { Deps } from "./charging/deps.ts";
import { config } from "./config.ts";
import { apiRoutes } from "./http/api.ts";
import { controlRoutes } from "./http/control.ts";
import { mailboxApiRoutes } from "./http/mailbox-api.ts";
import { mailboxPageRoutes } from "./http/mailbox-pages.ts";
import { payRoutes } from "./http/pay-pages.ts";
import { serve } from "./http/serve.ts";
import { liveFaults } from "./live-faults.ts";
import { mailWatch } from "./mail/mail-watch.ts";
import { serveSmtp } from "./mail/serve-smtp.ts";
import { forgetAnswers } from "./store/idempotent-answers.ts";
import { forgetMessages } from "./store/messages.ts";
import { forgetEvents } from "./store/webhook-events.ts";
import { webhookSteps } from "./webhooks/send-webhooks.ts";

/** The outside world for one machine and for tests: a payment gateway over HTTP and a mailbox over SMTP. (PY-01, MS-03) */
export const sandbox = defineService({
  name: "sandbox",
  config,
  migrations: new URL("../migrations/", import.meta.url),
  // It serves no calls of the platform: what it refuses is told in its own API's words.
  errors: defineErrors({ domain: "sandbox.dawr", reasons: {} }),
  start(host) {
    const { store, now, newId, log, config: settings } = host;
    const faults = liveFaults(store, settings.SANDBOX_FAULTS);
    const watch = mailWatch(store);
    let ownUrl = `http://localhost:${settings.SANDBOX_PORT}`;
    const publicUrl = () => (settings.SANDBOX_PUBLIC_URL ?? ownUrl).replace(/\/$/, "");
    const deps: Deps = { store, now, newId, faults, publicUrl, refundDelay: settings.SANDBOX_REFUND_DELAY };
    const follows: (() => Promise<void>)[] = [];
    const listen = { host: settings.SANDBOX_HOST, log };
    return {
      steps: [
        webhookSteps({
          store,
          now,
          log,
          secret: settings.SANDBOX_WEBHOOK_SECRET,
          retry: settings.SANDBOX_WEBHOOK_RETRY,
          lostRetry: settings.SANDBOX_WEBHOOK_LOST_RETRY,
          giveUp: settings.SANDBOX_WEBHOOK_GIVE_UP,
        }),
        delaySteps(deps),
      ],
      jobs: [
        {
          name: "forget",
          schedule: "17 * * * *",
          run: () =>
            store.transaction((tx) => {
              const before = now().subtract(settings.SANDBOX_KEEP);
              forgetAnswers(tx, before);
              forgetEvents(tx, before);
              forgetMessages(tx, before);
            }),
        },
      ],
      listeners: [
        {
          name: "sandbox",
          async start() {
            follows.push(await faults.follow(), await watch.follow());
            const routes = [
              ...apiRoutes(deps, settings.SANDBOX_API_KEY),
              ...payRoutes(deps),
              ...controlRoutes(deps),
              ...mailboxApiRoutes({ store, watch, publicUrl }),
              ...mailboxPageRoutes({ store, watch, publicUrl }),
            ];
            const listening = await serve({ ...listen, routes, port: settings.SANDBOX_PORT, newId });
            ownUrl = `http://localhost:${listening.port}`;
            return listening;
          },
        },
        {
          name: "smtp",
          start: () =>
            serveSmtp({
              ...listen,
              store,
              now,
              newId,
              port: settings.SANDBOX_SMTP_PORT,
              limitBytes: settings.SANDBOX_MAIL_LIMIT,
            }),
        },
      ],
      async stop() {
        for (const unfollow of follows) await unfollow();
      },
    };
  },
});
