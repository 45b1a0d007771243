import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { defineErrors, forward, guard, serveEdge } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";
import { config } from "./config.ts";
import { bookingLinkRoute } from "./http/booking-link.ts";
import { aliveRoute, keysRoute, welcomeRoute } from "./http/discovery.ts";
import { webhookRoute } from "./http/webhooks.ts";
import { publicServices } from "./public-services.ts";
import { rateLimit } from "./rate-limit.ts";

/** The public door: authentication, limits and protocol translation in front of every service. (GW-01) */
export const gateway = defineService({
  name: "gateway",
  config,
  // What it refuses, it refuses with the platform's own reasons.
  errors: defineErrors({ domain: "gateway.dawr", reasons: {} }),
  start(host) {
    const { config: settings, auth, log } = host;
    const implementations = publicServices
      .map((service) => forward(service, host.client(service)))
      .filter(({ methods }) => methods.length > 0);
    const door = guard({
      service: "gateway",
      implementations,
      errors: [],
      auth,
      log,
      doorOnly: true,
      admit: rateLimit({ perUser: settings.GATEWAY_USER_LIMIT, perAddress: settings.GATEWAY_ADDRESS_LIMIT }),
    });
    return {
      listeners: [
        {
          name: "gateway",
          async start() {
            const server = await serveEdge({
              mounted: [door],
              port: settings.GATEWAY_PORT,
              host: settings.GATEWAY_HOST,
              log,
              maxBodyBytes: settings.GATEWAY_BODY_LIMIT,
              trustedProxies: settings.GATEWAY_TRUSTED_PROXIES,
              cors: { origins: settings.GATEWAY_ORIGINS.includes("*") ? "*" : settings.GATEWAY_ORIGINS },
              http: [
                webhookRoute(host.client(PaymentService)),
                keysRoute(host.client(KeyService)),
                bookingLinkRoute,
                aliveRoute,
                welcomeRoute(implementations.map(({ service }) => service.typeName)),
              ],
            });
            return { url: `http://localhost:${server.port}`, close: (graceMs) => server.close(graceMs) };
          },
        },
      ],
    };
  },
});
